/** The error that Deno throws where a disk is full. */
function diskFull(): Error {
  return Object.assign(new Error("No space left on device (os error 28)"), {
    code: "ENOSPC",
  });
}

/** Runs a test on a disk that has room for `room` more bytes. */
export async function withRoomFor(
  room: number,
  test: () => Promise<void>,
): Promise<void> {
  const write = Deno.FsFile.prototype.write;
  Deno.FsFile.prototype.write = async function (bytes) {
    if (room === 0) throw diskFull();
    const written = await write.call(this, bytes.subarray(0, room));
    room -= written;
    return written;
  };
  try {
    await test();
  } finally {
    Deno.FsFile.prototype.write = write;
  }
}

/** Thrown in place of everything that a program does to its files after it was killed. */
export class Killed extends Error {}

/**
 * Runs a function that writes files as if the program were killed in it.
 *
 * @param allowed How many operations on files it does before; a write that is not among them is
 * done half.
 * @returns Whether the function was cut off.
 */
export async function killedAfter(
  allowed: number,
  run: () => Promise<void>,
): Promise<boolean> {
  const { open, rename, remove } = Deno;
  const { write, sync } = Deno.FsFile.prototype;
  const count = () => {
    if (allowed-- <= 0) throw new Killed();
  };
  Deno.open = (...args) => (count(), open(...args));
  Deno.rename = (...args) => (count(), rename(...args));
  Deno.remove = (...args) => (count(), remove(...args));
  Deno.FsFile.prototype.sync = function () {
    count();
    return sync.call(this);
  };
  Deno.FsFile.prototype.write = async function (bytes) {
    if (allowed === 0) {
      await write.call(this, bytes.subarray(0, bytes.length / 2));
    }
    count();
    return await write.call(this, bytes);
  };
  try {
    await run();
    return false;
  } catch (error) {
    if (error instanceof Killed) return true;
    throw error;
  } finally {
    Object.assign(Deno, { open, rename, remove });
    Object.assign(Deno.FsFile.prototype, { write, sync });
  }
}
