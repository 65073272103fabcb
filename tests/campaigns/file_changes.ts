/** A change to files that a program is about to make. */
export interface FileChange {
  /** Name of Deno's function, without `Sync`. */
  readonly operation: string;
  /** The file or folder; of a renamed one, what it is called before. */
  readonly path: string;
  /** Number of bytes that are to be written; absent where none are. */
  readonly bytes?: number;
}

/** Who is told of each change. */
export interface FileWatcher {
  /**
   * Called before a change; what it throws is thrown in its place.
   *
   * @returns The number of bytes of a write that are taken; by default all.
   */
  before(change: FileChange): number | void;
  /** Called after a change. */
  after?(change: FileChange): void;
}

/** Functions that change files and that the program does not use: who begins to must have them watched. */
const UNWATCHED = [
  ...["copyFile", "link", "symlink", "truncate", "utime", "chmod", "chown"],
  ...["writeFile", "writeTextFile"],
];

// deno-lint-ignore no-explicit-any
type AnyFunction = (this: any, ...args: any[]) => any;
type Functions = Record<string, AnyFunction>;

/**
 * Tells a watcher of every change that this thread makes to files.
 *
 * @returns Ends the watching.
 */
export function watchFiles(watcher: FileWatcher): () => void {
  const paths = new WeakMap<object, string>();
  const restorations: (() => void)[] = [];
  const replace = (
    owner: object,
    name: string,
    replacement: (original: AnyFunction) => AnyFunction,
  ) => {
    const functions = owner as Functions;
    const original = functions[name];
    functions[name] = replacement(original);
    restorations.push(() => functions[name] = original);
  };

  /** Watches a function and its synchronous twin. */
  const watch = (
    owner: object,
    operation: string,
    describe: (self: object, args: readonly unknown[]) =>
      | FileChange
      | undefined,
    done?: (result: object, path: string) => void,
  ) => {
    for (const name of [operation, `${operation}Sync`]) {
      replace(owner, name, (original) => {
        const begin = (self: object, args: unknown[]) => {
          const change = describe(self, args);
          const taken = change && watcher.before(change);
          if (typeof taken === "number") {
            args[0] = (args[0] as Uint8Array).subarray(0, taken);
          }
          return (result: object) => {
            if (!change) return result;
            done?.(result, change.path);
            watcher.after?.(change);
            return result;
          };
        };
        return name === operation
          ? async function (...args) {
            const end = begin(this, args);
            return end(await original.apply(this, args));
          }
          : function (...args) {
            const end = begin(this, args);
            return end(original.apply(this, args));
          };
      });
    }
  };

  const remember = (file: object, path: string) => paths.set(file, path);
  const atPath =
    (operation: string) => (_: object, [path]: readonly unknown[]) => ({
      operation,
      path: String(path),
    });
  watch(Deno, "open", (_, [path, options]) => {
    const { write, append } = (options ?? {}) as Deno.OpenOptions;
    return write || append
      ? { operation: "open", path: String(path) }
      : undefined;
  }, remember);
  watch(Deno, "create", atPath("create"), remember);
  for (const operation of ["rename", "remove", "mkdir"]) {
    watch(Deno, operation, atPath(operation));
  }
  const file = Deno.FsFile.prototype;
  const ofFile = (operation: string) => (self: object) => ({
    operation,
    path: paths.get(self) ?? "",
  });
  watch(file, "write", (self, [bytes]) => ({
    ...ofFile("write")(self),
    bytes: (bytes as Uint8Array).length,
  }));
  for (const operation of ["sync", "truncate"]) {
    watch(file, operation, ofFile(operation));
  }
  for (const name of UNWATCHED.flatMap((name) => [name, `${name}Sync`])) {
    replace(Deno, name, () => () => {
      throw new Error(`Deno.${name} is not watched: add it to file_changes.ts`);
    });
  }
  return () => restorations.forEach((restore) => restore());
}
