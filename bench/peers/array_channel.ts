import type { Values } from "../work.ts";

/** Arrays of float32 by name, with their shapes where the other side could not know them. */
export type Arrays = Readonly<
  Record<
    string,
    {
      readonly values: Values;
      readonly shape?: readonly number[];
    }
  >
>;

const NEWLINE = 10;

interface Answer {
  /** Number of values that follow. */
  readonly size: number;
  readonly error?: string;
}

/**
 * A process that is asked one thing at a time. Question and answer are a line of JSON each, followed
 * by the arrays as bytes.
 */
export class ArrayChannel {
  readonly #process: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  /** What was read and not used yet. */
  #rest = new Uint8Array(0);

  /**
   * Starts the process.
   *
   * @throws {Deno.errors.NotFound} if there is no such program.
   */
  constructor(
    program: string,
    args: readonly string[],
    env: Record<string, string>,
  ) {
    this.#process = new Deno.Command(program, {
      args: [...args],
      env,
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#writer = this.#process.stdin.getWriter();
    this.#reader = this.#process.stdout.getReader();
  }

  /** Asks, and returns the values of the answer. */
  async ask(question: object, arrays: Arrays = {}): Promise<Values> {
    const described = Object.entries(arrays).map((
      [name, { values, shape }],
    ) => ({ name, shape: shape ?? [values.length] }));
    const line = JSON.stringify({ ...question, arrays: described });
    await this.#writer.write(new TextEncoder().encode(`${line}\n`));
    for (const { values } of Object.values(arrays)) {
      await this.#writer.write(
        new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
      );
    }
    const { size, error }: Answer = JSON.parse(await this.#readLine());
    if (error !== undefined) throw new Error(error);
    const bytes = await this.#read(size * 4);
    return new Float32Array(bytes.buffer);
  }

  /** Lets the process end. */
  async close(): Promise<void> {
    await this.#writer.close();
    await this.#reader.cancel();
    await this.#process.status;
  }

  async #readLine(): Promise<string> {
    let end = this.#rest.indexOf(NEWLINE);
    while (end < 0) {
      await this.#fill(this.#rest.length + 1);
      end = this.#rest.indexOf(NEWLINE);
    }
    return new TextDecoder().decode(await this.#read(end + 1));
  }

  async #read(bytes: number): Promise<Uint8Array<ArrayBuffer>> {
    await this.#fill(bytes);
    const read = this.#rest.slice(0, bytes);
    this.#rest = this.#rest.subarray(bytes);
    return read;
  }

  /** Reads until at least `bytes` bytes are there. */
  async #fill(bytes: number): Promise<void> {
    if (this.#rest.length >= bytes) return;
    const pieces: Uint8Array[] = [this.#rest];
    let available = this.#rest.length;
    while (available < bytes) {
      const { value } = await this.#reader.read();
      if (!value) throw new Error("the process ended without an answer");
      pieces.push(value);
      available += value.length;
    }
    this.#rest = new Uint8Array(available);
    let start = 0;
    for (const piece of pieces) {
      this.#rest.set(piece, start);
      start += piece.length;
    }
  }
}
