import type { Draw } from "./draw.ts";
import { mutateBytes } from "./mutate_bytes.ts";
import { mutateJson } from "./mutate_json.ts";

/** Something that reads files, and how to break them. */
export interface Target {
  /** Names it on the command line. */
  readonly name: string;
  /** Files that are right, at least one. */
  readonly files: readonly Uint8Array[];
  /** Breaks a file. */
  mutate(file: Uint8Array, draw: Draw): Uint8Array;
  /**
   * Reads a file; what it accepts must be right.
   *
   * @param folder An empty folder, emptied afterwards.
   * @throws {UserError} The file is refused.
   */
  read(file: Uint8Array, folder: string): Promise<void>;
  /** Ends what `read` keeps between calls. */
  close?(): void;
}

/** Half of the files with changed JSON, half with changed bytes. */
export function mutateJsonFile(file: Uint8Array, draw: Draw): Uint8Array {
  return draw.below(2) === 0
    ? mutateBytes(file, draw)
    : encodeJson(mutateJson(decodeJson(file), draw));
}

/** The value that a file of JSON holds. */
export function decodeJson(file: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(file));
}

/** A file of JSON. */
export function encodeJson(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(value) ?? "");
}
