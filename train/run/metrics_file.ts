import { z } from "zod";
import { UserError } from "../../engine/user_error.ts";
import {
  writeAll,
  writeTextAtomically,
} from "../../datasets/files/atomic_file.ts";
import { readTextIfPresent } from "../../datasets/files/read_file.ts";
import { withFileErrors } from "../../datasets/files/system_error.ts";

const recordSchema = z.looseObject({
  step: z.int().nonnegative(),
  time: z.iso.datetime().optional(),
});

/** What was measured at a step; anything that JSON holds, and numbers that are not finite. */
export interface MetricsRecord {
  /** Number of steps done. */
  readonly step: number;
  /** When, as ISO 8601 in UTC; absent in runs from before it was recorded. */
  readonly time?: string;
  /** The measurements by name. */
  readonly [name: string]: unknown;
}

/** A file of measurements, one JSON object a line, open to be added to. */
export class MetricsFile implements Disposable {
  #path: string;
  #file: Deno.FsFile;

  private constructor(path: string, file: Deno.FsFile) {
    this.#path = path;
    this.#file = file;
  }

  /**
   * Opens the file, made where there is none, to go on after a step: what was measured later, and
   * a last line cut short, are removed.
   *
   * @param path The file.
   * @param step The last step to keep; 0 in a new run.
   * @throws {UserError} As {@linkcode readMetrics}, or the file cannot be written.
   */
  static async open(path: string, step: number): Promise<MetricsFile> {
    const kept = (await readMetrics(path)).filter((record) =>
      record.step <= step
    );
    await writeTextAtomically(path, kept.map(encodeLine).join(""));
    const file = await withFileErrors(
      `cannot write ${path}`,
      () => Deno.open(path, { append: true }),
    );
    return new MetricsFile(path, file);
  }

  /**
   * Adds a line.
   *
   * @throws {UserError} The disk is full.
   */
  append(record: MetricsRecord): Promise<void> {
    const line = new TextEncoder().encode(encodeLine(record));
    return withFileErrors(
      `cannot write ${this.#path}`,
      () => writeAll(this.#file, line),
    );
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/**
 * Reads a file of measurements. A last line cut short, as a program that was killed leaves it, is
 * left out.
 *
 * @returns The records in order; none where there is no file.
 * @throws {UserError} Another line is not a JSON object with a `step`, or the file cannot be read.
 */
export async function readMetrics(path: string): Promise<MetricsRecord[]> {
  const lines = ((await readTextIfPresent(path)) ?? "").split("\n");
  // What follows the last line end is empty, or a line cut short.
  lines.pop();
  return lines.map((line, index) => {
    try {
      return recordSchema.parse(JSON.parse(line, decodeNumber));
    } catch (cause) {
      throw new UserError(
        `${path} is damaged: line ${
          index + 1
        } is not a JSON object with a step; remove that line`,
        { cause },
      );
    }
  });
}

function encodeLine(record: MetricsRecord): string {
  return JSON.stringify(record, encodeNumber) + "\n";
}

// JSON has no NaN and no infinity and would write null: a loss that diverged must stay visible.
const NOT_FINITE = [NaN, Infinity, -Infinity];

function encodeNumber(_key: string, value: unknown): unknown {
  return NOT_FINITE.some((number) => Object.is(number, value))
    ? String(value)
    : value;
}

function decodeNumber(_key: string, value: unknown): unknown {
  return NOT_FINITE.find((number) => String(number) === value) ?? value;
}
