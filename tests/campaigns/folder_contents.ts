import { createHash } from "node:crypto";

/** What lies in a folder: a digest of each file, by its path. */
export type FolderContents = ReadonlyMap<string, string>;

/** What is measured by a clock differs between two runs that are otherwise equal. */
const TIMED = ["time", "imagesPerSecond"];

/** All files of a folder, at any depth, without the times that they tell. */
export function contentsOf(folder: string): FolderContents {
  return new Map(
    pathsIn(folder).map((path) => [
      path.slice(folder.length + 1),
      createHash("md5").update(timeless(path)).digest("hex"),
    ]),
  );
}

/** The first file that differs; `undefined` where all are equal. */
export function differenceOf(
  found: FolderContents,
  expected: FolderContents,
): string | undefined {
  for (const path of new Set([...expected.keys(), ...found.keys()])) {
    if (!found.has(path)) return `${path} is missing`;
    if (!expected.has(path)) return `${path} is left over`;
    if (found.get(path) !== expected.get(path)) return `${path} differs`;
  }
}

/** Bytes that the files of a folder take on a disk. */
export function bytesOf(folder: string): number {
  return pathsIn(folder)
    .map((path) => Math.ceil(Deno.statSync(path).size / PAGE_BYTES))
    .reduce((sum, pages) => sum + PAGE_BYTES * pages, 0);
}

const PAGE_BYTES = 4096;

function pathsIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
    isDirectory ? pathsIn(`${folder}/${name}`) : [`${folder}/${name}`]
  ).sort();
}

function timeless(path: string): Uint8Array | string {
  if (path.endsWith("/report.html")) {
    const figures = Deno.readTextFileSync(path).split("<figure");
    return figures.filter((text) => !text.includes("Images per second")).join();
  }
  if (!path.endsWith("/metrics.jsonl")) return Deno.readFileSync(path);
  return Deno.readTextFileSync(path).split("\n").map((line) =>
    line && JSON.stringify(
      JSON.parse(line, (key, value) => TIMED.includes(key) ? undefined : value),
    )
  ).join("\n");
}
