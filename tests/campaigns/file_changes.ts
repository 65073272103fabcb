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
  after(change: FileChange): void;
}

/** Functions that change files but are not watched: the program does not use them. */
const UNWATCHED = [
  "copyFile",
  "link",
  "symlink",
  "truncate",
  "writeFile",
  "writeTextFile",
];

// deno-lint-ignore no-explicit-any
type AnyFunction = (this: any, ...args: any[]) => any;
type Functions = Record<string, AnyFunction>;

/** The change that a call makes; `undefined` where it makes none. */
type Describe = (
  self: object,
  args: readonly unknown[],
) => FileChange | undefined;

/** Tells a watcher of every change that this thread makes to files from now on. */
export function watchFiles(watcher: FileWatcher): void {
  const file = Deno.FsFile.prototype;
  const paths = new WeakMap<object, string>();
  const ofPath = (operation: string): Describe => (_, [path]) => ({
    operation,
    path: String(path),
  });
  const ofFile = (operation: string): Describe => (self, [bytes]) => ({
    operation,
    path: paths.get(self) ?? "",
    bytes: bytes instanceof Uint8Array ? bytes.length : undefined,
  });
  const ofOpened: Describe = (self, args) => {
    const { write, append } = (args[1] ?? {}) as Deno.OpenOptions;
    return write || append ? ofPath("open")(self, args) : undefined;
  };
  const changes: [owner: object, operation: string, describe: Describe][] = [
    [Deno, "open", ofOpened],
    ...["create", "rename", "remove", "mkdir"]
      .map((name) => [Deno, name, ofPath(name)] as typeof changes[number]),
    ...["write", "sync", "truncate"]
      .map((name) => [file, name, ofFile(name)] as typeof changes[number]),
  ];
  for (const [owner, operation, describe] of changes) {
    const begin = (self: object, args: unknown[]) => {
      const change = describe(self, args);
      if (!change) return <T>(result: T) => result;
      const taken = watcher.before(change);
      if (typeof taken === "number") {
        args[0] = (args[0] as Uint8Array).subarray(0, taken);
      }
      return <T>(result: T) => {
        if (result instanceof Deno.FsFile) paths.set(result, change.path);
        watcher.after(change);
        return result;
      };
    };
    const functions = owner as Functions;
    const original = functions[operation];
    functions[operation] = async function (...args) {
      const end = begin(this, args);
      return end(await original.apply(this, args));
    };
    const originalSync = functions[`${operation}Sync`];
    functions[`${operation}Sync`] = function (...args) {
      const end = begin(this, args);
      return end(originalSync.apply(this, args));
    };
  }
  for (const name of UNWATCHED.flatMap((name) => [name, `${name}Sync`])) {
    (Deno as unknown as Functions)[name] = () => {
      throw new Error(`Deno.${name} is not watched: add it to file_changes.ts`);
    };
  }
}
