import { letSignalsThrough } from "./let_signals_through.ts";

/** A file as it was when it was decoded: name, bytes, and last change in milliseconds since 1970. */
export type FileStamp = readonly [name: string, size: number, changed: number];

/** Files whose stamps are read at a time. */
const STAMPED_AT_A_TIME = 1000;

/**
 * What shows whether files have changed; unreachable ones have a stamp all the same.
 *
 * @param folder What the names of the files are relative to.
 */
export async function stampsOf(
  folder: string,
  files: readonly string[],
): Promise<FileStamp[]> {
  const stamps: FileStamp[] = [];
  for (const [i, name] of files.entries()) {
    stamps.push(stampOf(folder, name));
    // synchronous calls are many times faster, but signals must get through
    if (i % STAMPED_AT_A_TIME === 0) await letSignalsThrough();
  }
  return stamps;
}

function stampOf(folder: string, name: string): FileStamp {
  try {
    const { size, mtime } = Deno.statSync(`${folder}/${name}`);
    return [name, size, mtime?.getTime() ?? 0];
  } catch {
    return [name, 0, 0];
  }
}
