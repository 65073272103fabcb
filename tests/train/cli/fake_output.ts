import type { ProgressOutput } from "../../../train/cli/progress.ts";
import { randomNumber } from "../../random.ts";

/** An output with a clock set by hand. */
export class FakeOutput implements ProgressOutput {
  /** What the clock says, in milliseconds. */
  time = randomNumber(0, 1e6);
  /** What was written, call by call. */
  written: string[] = [];
  #columns?: number;

  /** A terminal of `columns` columns, or else a file. */
  constructor(columns?: number) {
    this.#columns = columns;
  }

  write(text: string): void {
    this.written.push(text);
  }

  columns(): number | undefined {
    return this.#columns;
  }

  now(): number {
    return this.time;
  }

  /** The lines that a terminal would show. */
  screen(): string[] {
    return this.written.join("").split("\n").map((line) =>
      line.split("\r").at(-1)!.replace("\x1b[K", "")
    );
  }
}
