/** Has every lock refused, as a file system without locks does, until the result is disposed of. */
export function withoutLocks(): Disposable {
  const { prototype } = Deno.FsFile;
  const { lock, tryLock, unlock } = prototype;
  // Deno gives it no code
  const refuse = () =>
    Promise.reject(new Error("No locks available (os error 37)"));
  Object.assign(prototype, { lock: refuse, tryLock: refuse, unlock: refuse });
  return {
    [Symbol.dispose]: () => Object.assign(prototype, { lock, tryLock, unlock }),
  };
}
