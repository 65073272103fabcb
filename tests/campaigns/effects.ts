/** What is done to a change of files: the process is killed at it, or it fails. */
export type Effect = Kill | Fault;

/** The process is killed before a change, when half of the bytes are written, or after it. */
export type Kill = (typeof KILLS)[number];
const KILLS = ["killed before", "killed within", "killed after"] as const;

/** The system refuses a change with an error, or takes half of the bytes. */
export type Fault = ErrorCode | "short";

/** The system's code of an error. */
export type ErrorCode = keyof typeof MESSAGES;
const MESSAGES = {
  ENOSPC: "No space left on device (os error 28)",
  EACCES: "Permission denied (os error 13)",
  EIO: "Input/output error (os error 5)",
} as const;

/** Whether an effect is that the system refuses. */
export function isErrorCode(effect: Effect): effect is ErrorCode {
  return effect in MESSAGES;
}

/** The error that Deno throws where the system refuses. */
export function errorOf(code: ErrorCode): Error {
  return Object.assign(new Error(MESSAGES[code]), { code });
}
