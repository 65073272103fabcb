import type { Config } from "./config.ts";
import type { Phase } from "./pretrain.ts";
import { Progress } from "./progress.ts";
import type { StepMetrics } from "./training_step.ts";

/** Tells a person on the error stream what a run is doing; a progress bar while it trains. */
export class RunDisplay {
  #progress?: Progress;

  /** Shows nothing yet. */
  constructor(private readonly config: Config) {}

  /** Prints a line, above the progress bar where there is one. */
  print(line: string): void {
    if (this.#progress) this.#progress.print(line);
    else console.error(line);
  }

  /** Takes note that a part of the run begins. */
  begin(phase: Phase, step: number): void {
    this.end();
    if (phase !== "training") {
      return this.print(`classifying with the ${phase} encoder ...`);
    }
    const { steps, batchSize } = this.config;
    this.#progress = new Progress({
      total: steps,
      start: step,
      imagesPerStep: batchSize,
    });
    this.print(
      `training for ${steps} steps of ${batchSize} images` +
        (step > 0 ? `, from step ${step} on ...` : " ..."),
    );
  }

  /** Shows how many steps are done, and the numbers of the last one. */
  update(step: number, { loss, learningRate }: StepMetrics): void {
    this.#progress?.update(step, { loss, lr: learningRate });
  }

  /** Ends the progress bar, if there is one. */
  end(): void {
    this.#progress?.finish();
    this.#progress = undefined;
  }
}
