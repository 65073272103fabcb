import { assert } from "@std/assert";
import { getHeapCodeStatistics } from "node:v8";
import { UserError } from "../../engine/user_error.ts";

/** Repetitions after which garbage is collected: V8 alone lets more of it gather. */
const INTERVAL = 5;
/**
 * The least reading of so many repetitions before a mark counts, fewer where there are few in all: V8
 * keeps a varying number of empty pages.
 */
const WINDOW = 100;
const MIB = 2 ** 20;
/** How much more there may be at the end than at the first reading. */
const ALLOWED = { process: 16 * MIB, objects: MIB / 2, device: 0 };

type Memory = Readonly<Record<keyof typeof ALLOWED, number>>;

/**
 * What memory is held in the course of many repetitions: by the process, by the objects of its main
 * thread, and by the device. Needs `--v8-flags=--expose-gc`.
 */
export class MemoryCurve {
  readonly #window: number;
  readonly #marks: readonly number[];
  readonly #rows = new Map<number, Memory>();
  #done = 0;
  /** Bytes of objects directly after the last collection, until they are entered. */
  #objects?: number;

  /** For `total` repetitions of `what`, with `deviceBytes` to ask for the memory of the device. */
  constructor(
    private readonly what: string,
    private readonly total: number,
    private readonly deviceBytes: () => number,
  ) {
    this.#window = Math.min(WINDOW, Math.floor(total / 2));
    this.#marks = [0.02, 0.05, 0.1, 0.2, 0.5, 1]
      .map((share) => Math.max(this.#window, Math.round(share * total)));
  }

  /** To be called with the number of repetitions done, after each or after some. */
  read(done: number): void {
    if (this.#objects !== undefined) this.#enter(done, this.#objects);
    const isDue = done - this.#done >= INTERVAL;
    this.#objects = isDue ? bytesOfObjects() : undefined;
    if (isDue) this.#done = done;
  }

  /** Not directly after collection: what held memory elsewhere frees it a little later. */
  #enter(done: number, objects: number): void {
    const mark = this.#marks.find((mark) => mark >= done);
    if (mark === undefined || done <= mark - this.#window) return;
    const before = this.#rows.get(mark);
    this.#rows.set(mark, {
      process: Math.min(Deno.memoryUsage().rss, before?.process ?? Infinity),
      objects: Math.min(objects, before?.objects ?? Infinity),
      device: Math.max(this.deviceBytes(), before?.device ?? 0),
    });
  }

  /** The curve as a table in Markdown, in MiB. */
  toString(): string {
    const mebibytes = (bytes: number) => (bytes / MIB).toFixed(2);
    return [
      `| ${this.what} | process | objects | device |`,
      "|---|---|---|---|",
      ...[...this.#rows].map(([mark, { process, objects, device }]) =>
        `| ${
          [mark, ...[process, objects, device].map(mebibytes)].join(" | ")
        } |`
      ),
    ].join("\n");
  }

  /**
   * Asserts that there is no more at the end than at the first mark, but for what is allowed.
   *
   * @throws {AssertionError} with what has grown.
   * @throws {UserError} The last mark was not reached.
   */
  assertFlat(): void {
    const [first, last] = [this.#marks[0], this.total]
      .map((mark) => this.#rows.get(mark));
    if (!first || !last || first === last) {
      throw new UserError(
        `${this.what}: whether memory grows is not known, for they ended too early; give more of them or more --minutes`,
      );
    }
    for (const [name, allowed] of Object.entries(ALLOWED)) {
      const kind = name as keyof Memory;
      const growth = last[kind] - first[kind];
      assert(
        growth <= allowed,
        `${this.what}: the memory of the ${name} grew by ${growth} bytes`,
      );
    }
  }
}

/**
 * Collects garbage and returns what is left in the heap, without the code that V8 has compiled: of what
 * runs often it compiles more and faster code for hours.
 */
function bytesOfObjects(): number {
  const { gc } = globalThis as { gc?: () => void };
  if (!gc) throw new Error("run with --v8-flags=--expose-gc");
  gc();
  const code = getHeapCodeStatistics();
  return Deno.memoryUsage().heapUsed - code.code_and_metadata_size -
    code.bytecode_and_metadata_size;
}
