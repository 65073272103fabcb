import type { DownloadProgress } from "../../datasets/dataset.ts";
import { writeToErrorStream } from "./output.ts";

/** Shows the progress of a download on the error stream. */
export class DownloadDisplay {
  readonly #onTerminal = Deno.stderr.isTerminal();
  #shown = "";

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
    writeToErrorStream(
      this.#onTerminal ? `\r${text}\x1b[K` : `${text}\n`,
    );
  }

  /** Ends the line. */
  end(): void {
    if (this.#onTerminal && this.#shown !== "") console.error();
  }
}

/** Whole mebibytes, to multiples of `grain`. */
function mebibytes(bytes: number, grain: number): number {
  return grain * Math.floor(bytes / 2 ** 20 / grain);
}
