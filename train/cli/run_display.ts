import type { Config } from "../config/config.ts";
import type { ProbeEvents } from "../evaluate/probe.ts";
import type { Phase } from "../pretrain.ts";
import { describePhase } from "./probe_display.ts";
import { errorStream, Progress, type ProgressOutput } from "./progress.ts";
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
   * @param output Where everything is shown; the error stream by default.
   * @param processes How many take the steps.
   */
  constructor(
    private readonly config: Config,
    private readonly output: ProgressOutput = errorStream,
    processes = 1,
  ) {
    this.#watch = new TroubleWatch(config, processes);
    this.#terms = Object.entries(config.losses)
      .toSorted(([, a], [, b]) => b.weight - a.weight)
      .map(([name]) => name);
  }

  /** Prints a line, above the progress bar where there is one. */
  print(line: string): void {
    if (this.#progress) this.#progress.print(line);
    else this.output.write(`${line}\n`);
  }

  /** Announces a part of the run. */
  begin(phase: Phase, step: number): void {
    this.end();
    if (phase === "compiling") return this.print("compiling a step ...");
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

  /** Shows how many kernels of a step are compiled. */
  compiled(kernels: number, total: number): void {
    const { output } = this;
    this.#progress ??= new Progress({ total, unit: "kernels", output });
    this.advance(kernels);
  }

  /** Announces work of which {@linkcode advance} shows how much is done. */
  announce(line: string, total: number, unit: string): void {
    this.end();
    this.print(line);
    this.#progress = new Progress({ total, unit, output: this.output });
  }

  /** Shows how much of what was announced is done. */
  advance(done: number): void {
    this.#progress?.update(done, {});
  }

  /** The callbacks of the evaluation at the end. */
  get probing(): ProbeEvents {
    return {
      onPhase: (phase) =>
        this.announce(describePhase(phase), phase.total, phase.unit),
      onProgress: (done) => this.advance(done),
    };
  }

  /** Ends the progress bar, if there is one. */
  end(): void {
    this.#progress?.finish();
    this.#progress = undefined;
  }
}
