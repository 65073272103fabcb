/**
 * A mistake that the person at the keyboard can mend: a wrong value, a missing file, a tensor too
 * large for the device. The message is one clear sentence saying what was wrong, where, and what to
 * do; programs print it without a stack trace and exit with code 1.
 */
export class UserError extends Error {
  /** Stands before the message where nobody catches the error. */
  override name = "UserError";
}
