import type { Config } from "../config/config.ts";
import type { Phase } from "../pretrain.ts";
import { Progress, type ProgressOutput } from "./progress.ts";
import type { StepMetrics } from "../training_step.ts";
import { TroubleWatch } from "../trouble.ts";

/**
 * What is shown of the terms while they train, and as what: whether the task is solved, whether
 * representations collapse, how many entries of a vocabulary do the work.
 */
const SHOWN = [
  ["retrieval", "retrieval"],
  ["effectiveRank", "rank"],
  ["perplexity", "perplexity"],
] as const;

/**
 * Shows on the error stream what a run is doing: a progress bar while it trains, and a line where
 * something goes wrong that the loss does not show.
 */
export class RunDisplay {
  #progress?: Progress;
  /** Names of the terms, the weightiest first. */
  readonly #terms: readonly string[];
  readonly #watch: TroubleWatch;

  /**
   * Shows nothing yet.
   *
   * @param output Where the progress bar is; the error stream by default.
   */
  constructor(
    private readonly config: Config,
    private readonly output?: ProgressOutput,
  ) {
    this.#watch = new TroubleWatch(config);
    this.#terms = Object.entries(config.losses)
      .toSorted(([, a], [, b]) => b.weight - a.weight)
      .map(([name]) => name);
  }

  /** Prints a line, above the progress bar where there is one. */
  print(line: string): void {
    if (this.#progress) this.#progress.print(line);
    else console.error(line);
  }

  /** Announces a part of the run. */
  begin(phase: Phase, step: number): void {
    this.end();
    if (phase === "compiling") return this.print("compiling a step ...");
    if (phase !== "training") {
      return this.print(`classifying with the ${phase} encoder ...`);
    }
    const { steps, batchSize } = this.config;
    this.#progress = new Progress({
      total: steps,
      start: step,
      output: this.output,
    });
    this.print(
      `training for ${steps} steps of ${batchSize} images` +
        (step > 0 ? `, from step ${step} on ...` : " ..."),
    );
  }

  /**
   * Shows how many steps are done, the numbers of the last one that matter most, and the slowest of
   * several processes.
   */
  update(step: number, metrics: StepMetrics, slowestRank?: number): void {
    const shown: Record<string, number | string> = {
      loss: metrics.loss,
      lr: metrics.learningRate,
    };
    for (const [metric, label] of SHOWN) {
      const term = this.#terms.find((term) => `${term}.${metric}` in metrics);
      if (term) shown[label] = metrics[`${term}.${metric}`];
    }
    if (slowestRank !== undefined) {
      shown["slowest rank"] = String(slowestRank);
    }
    this.#progress?.update(step, shown);
    for (const sentence of this.#watch.observe(step, metrics)) {
      this.print(`step ${step}: ${sentence}`);
    }
  }

  /** Ends the progress bar, if there is one. */
  end(): void {
    this.#progress?.finish();
    this.#progress = undefined;
  }
}
