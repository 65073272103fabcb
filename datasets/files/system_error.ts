import { UserError } from "../../engine/user_error.ts";
import { printable } from "./printable.ts";

const DENIED =
  "the system denies access; check who owns it and its permissions";

/** What the system's error codes mean in plain words, and what to do about them. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file or folder; check the path",
  EACCES: DENIED,
  EPERM: DENIED,
  EEXIST: "it exists already",
  EISDIR: "it is a folder",
  ENOTDIR: "it, or a part of its path, is a file, not a folder",
  ENOTEMPTY: "the folder is not empty",
  ENAMETOOLONG: "the name is too long",
  ENOSPC: "the disk is full; make room and run again",
  EDQUOT: "the disk quota is used up; make room and run again",
  EFBIG: "the file would be larger than the file system allows",
  EROFS: "the file system is read-only",
  EMFILE: "too many files are open; raise the limit with ulimit -n",
  EIO: "the disk reports a read or write error",
};

/**
 * Runs an operation on files and puts the refusals of the system, and of Deno's permissions, into
 * a sentence.
 *
 * @param what What cannot be done if it fails, such as `cannot read images/cat.png`.
 * @throws {UserError} The system or Deno refuses. Any other error is thrown as it is.
 */
export async function withFileErrors<T>(
  what: string,
  operation: () => Promise<T>,
): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    const reason = reasonOf(error);
    if (reason === undefined) throw error;
    throw new UserError(`${printable(what)}: ${reason}`, { cause: error });
  }
}

function reasonOf(error: unknown): string | undefined {
  if (error instanceof Deno.errors.NotCapable) {
    const flag = error.message.match(/--allow-[a-z]+/)?.[0] ?? "the permission";
    return `Deno was not given permission; run again with ${flag}`;
  }
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  const code = String(error.code);
  // codes with an underscore, such as ERR_INVALID_ARG_TYPE, are mistakes of the program
  if (!/^E[A-Z0-9]+$/.test(code)) return undefined;
  return REASONS[code] ?? error.message;
}
