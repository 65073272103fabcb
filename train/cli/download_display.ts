import type { DownloadProgress } from "../../datasets/dataset.ts";
import { errorStream, type ProgressOutput } from "./progress.ts";

/** Shows the progress of a download. */
export class DownloadDisplay {
  readonly #onTerminal: boolean;
  #shown = "";

  /** Shows nothing yet. */
  constructor(private readonly output: ProgressOutput = errorStream) {
    this.#onTerminal = output.columns() !== undefined;
  }

  /** Records progress: one line, redrawn, on a terminal; elsewhere a line for every tenth. */
  update({ stage, done, total }: DownloadProgress): void {
    const grain = this.#onTerminal ? 1 : 10;
    const text = total === undefined
      ? `${stage} ${mebibytes(done, grain)} MiB`
      : `${stage} ${mebibytes(total, 1)} MiB: ${
        grain * Math.floor(100 * done / total / grain)
      } %`;
    if (text === this.#shown) return;
    this.#shown = text;
    this.output.write(
      this.#onTerminal ? `\r${text}\x1b[K` : `${text}\n`,
    );
  }

  /** Ends the line. */
  end(): void {
    if (this.#onTerminal && this.#shown !== "") this.output.write("\n");
  }
}

/** Whole mebibytes, to multiples of `grain`. */
function mebibytes(bytes: number, grain: number): number {
  return grain * Math.floor(bytes / 2 ** 20 / grain);
}
