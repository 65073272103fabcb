import type { CellOptions } from "../experiment/run_cell.ts";
import { FinetuneDisplay } from "./finetune_display.ts";
import { opening } from "./open_data.ts";
import { ProbeDisplay } from "./probe_display.ts";
import { errorStream, type ProgressOutput } from "./progress.ts";
import { RunDisplay } from "./run_display.ts";

/** Shows the progress of a run of an experiment. */
export class CellDisplay {
  #run?: RunDisplay;
  readonly #probe: ProbeDisplay;
  readonly #finetune: FinetuneDisplay;

  /** Shows nothing yet. */
  constructor(private readonly output: ProgressOutput = errorStream) {
    this.#probe = new ProbeDisplay(output);
    this.#finetune = new FinetuneDisplay(output);
  }

  /** The callbacks of the parts of the work. */
  get events(): Pick<
    CellOptions,
    "opening" | "pretraining" | "probing" | "finetuning"
  > {
    return {
      opening: opening(),
      pretraining: (config) => {
        const run = new RunDisplay(config, this.output);
        this.#run = run;
        return {
          onPhase: (phase, step) => run.begin(phase, step),
          onKernel: (...kernels) => run.compiled(...kernels),
          onStep: (step, metrics) => run.update(step, metrics),
        };
      },
      probing: {
        onPhase: (phase) => {
          this.end();
          this.#probe.begin(phase);
        },
        onProgress: (done) => this.#probe.update(done),
      },
      finetuning: (name) => {
        this.end();
        this.#finetune.print(`fine-tuning: ${name}`);
        return this.#finetune.events;
      },
    };
  }

  /** Ends the progress bar, if there is one. */
  end(): void {
    this.#run?.end();
    this.#probe.end();
    this.#finetune.end();
  }
}
