/**
 * A mistake that the user can correct: a wrong value, a missing file, a tensor too large for the
 * device. The message is one clear sentence that says what was wrong, where, and what to do; programs
 * print it without a stack trace and exit with code 1.
 */
export class UserError extends Error {
  /** Precedes the message of an uncaught error. */
  override name = "UserError";
}
