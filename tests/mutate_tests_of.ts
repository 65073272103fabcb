/** Tests run for a mutant: the more there are, the longer a survivor takes. */
const MAX_TESTS = 8;

/** Which sources each test reaches, and through how many imports. */
export class TestIndex {
  readonly #reached = new Map<string, ReadonlyMap<string, number>>();
  /** Sources that the comment at the head of a test names. */
  readonly #named = new Map<string, ReadonlySet<string>>();

  /** Reads the imports of all files, given as paths from `root`. */
  constructor(root: string, files: readonly string[]) {
    const known = new Set(files);
    const imports = new Map(
      files.map((file) => [
        file,
        importsOf(file, Deno.readTextFileSync(`${root}/${file}`))
          .filter((path) => known.has(path)),
      ]),
    );
    for (const test of files.filter((file) => file.endsWith("_test.ts"))) {
      this.#reached.set(test, distances(test, imports));
      const text = Deno.readTextFileSync(`${root}/${test}`);
      const [head = ""] = text.match(/^\/\*\*.*?\*\//s) ?? [];
      const named = head.match(/[\w./]+\.ts\b/g) ?? [];
      this.#named.set(test, new Set(named));
    }
  }

  /**
   * The tests of a source, the most specific first: its mirror image, those whose names begin alike
   * (`pretrain_errors_test.ts`) and those that name it at their head, then those that import it, at
   * the same distance those of its own room and with the fewest other imports.
   */
  of(source: string): string[] {
    const mirror = `tests/${source.replace(/\.ts$/, "_")}`;
    const isOwn = (test: string) =>
      test.startsWith(mirror) || this.#named.get(test)!.has(source);
    const rank = (test: string) =>
      isOwn(test) ? -1 : this.#reached.get(test)!.get(source)!;
    const [room] = source.split("/");
    const isForeign = (test: string) => !test.startsWith(`tests/${room}/`);
    return [...this.#reached]
      .filter(([test, reached]) => isOwn(test) || reached.has(source))
      .sort(([a, reachedA], [b, reachedB]) =>
        rank(a) - rank(b) || Number(isForeign(a)) - Number(isForeign(b)) ||
        reachedA.size - reachedB.size
      )
      .map(([test]) => test)
      .slice(0, MAX_TESTS);
  }
}

/** The files that a file imports for more than types. */
function importsOf(file: string, text: string): string[] {
  const specifiers = text.matchAll(
    /^(?:import|export)\s(?!type\b)[^;]*?from "(\.[^"]+)"|new URL\("(\.[^"]+\.ts)"/gm,
  );
  return [...specifiers].map(([, imported, url]) =>
    new URL(imported ?? url, `file:///${file}`).pathname.slice(1)
  );
}

/** How many imports lead from a test to each source; those between files of tests count nothing. */
function distances(
  test: string,
  imports: ReadonlyMap<string, readonly string[]>,
): Map<string, number> {
  const found = new Map([[test, 0]]);
  const queue = [test];
  for (const file of queue) {
    for (const path of imports.get(file)!) {
      const distance = found.get(file)! + (path.startsWith("tests/") ? 0 : 1);
      if (distance >= (found.get(path) ?? Infinity)) continue;
      found.set(path, distance);
      queue.push(path);
    }
  }
  return found;
}
