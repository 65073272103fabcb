import { UserError } from "../../engine/user_error.ts";

const REASONS: Record<string, string> = {
  ENOENT: "there is no such file or folder",
  EACCES: "the system denies access; check who owns it and its permissions",
  EPERM: "the system denies access; check who owns it and its permissions",
  EEXIST: "it exists already",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of the path is a file, not a folder",
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
 * Turns an error of the operating system, or of Deno's permissions, into a sentence.
 *
 * @param error What was caught.
 * @param what What could not be done, such as `cannot read images/cat.png`.
 * @returns A {@linkcode UserError} naming what and why; any other error as it is, to be thrown on.
 */
export function describeSystemError(error: unknown, what: string): unknown {
  const reason = reasonOf(error);
  return reason === undefined
    ? error
    : new UserError(`${what}: ${reason}`, { cause: error });
}

function reasonOf(error: unknown): string | undefined {
  if (error instanceof Deno.errors.NotCapable) {
    const flag = error.message.match(/--allow-[a-z]+/)?.[0] ?? "the permission";
    return `Deno was not given permission; run again with ${flag}`;
  }
  if (error instanceof Error && "code" in error) {
    return REASONS[String(error.code)];
  }
}
