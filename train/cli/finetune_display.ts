import type {
  FinetuneEvents,
  FinetunePhase,
} from "../finetune/finetune_training.ts";
import type { ValidationRecord } from "../finetune/validation.ts";
import type { StepMetrics } from "../training_step.ts";
import { percentage } from "../evaluate/percentage.ts";
import { errorStream, Progress, type ProgressOutput } from "./progress.ts";

/** Shows the progress of a fine-tuning. */
export class FinetuneDisplay {
  #progress?: Progress;
  #phase?: FinetunePhase;
  #step = 0;
  #shown: Readonly<Record<string, number>> = {};

  /** Shows nothing yet. */
  constructor(private readonly output: ProgressOutput = errorStream) {}

  /** The callbacks of a fine-tuning. */
  get events(): FinetuneEvents {
    return {
      onPhase: (phase, done, total) => this.#begin(phase, done, total),
      onKernel: (...kernels) => this.#compiled(...kernels),
      onStep: (step, metrics) => this.#steps(step, metrics),
      onProgress: (images) => this.#images(images),
      onValidation: (record) => this.#validated(record),
    };
  }

  /** Prints a line, above the progress bar where there is one. */
  print(line: string): void {
    if (this.#progress) this.#progress.print(line);
    else this.output.write(`${line}\n`);
  }

  /** Announces a part, other than validations, which are shown beside the steps. */
  #begin(phase: FinetunePhase, done: number, total: number): void {
    const goesOn = this.#progress && this.#phase !== "compiling" &&
      phase !== "test";
    this.#phase = phase;
    if (goesOn) return;
    this.end();
    if (phase === "compiling") return this.print("compiling a step ...");
    this.#step = done;
    this.print(
      phase === "test"
        ? `classifying ${total} test images ...`
        : `training for ${total} steps` +
          (done > 0 ? `, from step ${done} on ...` : " ..."),
    );
    const unit = phase === "test" ? "images" : "steps";
    this.#progress = new Progress({
      total,
      start: done,
      unit,
      output: this.output,
    });
  }

  #compiled(kernels: number, total: number): void {
    this.#progress ??= new Progress({
      total,
      unit: "kernels",
      output: this.output,
    });
    this.#progress.update(kernels, {});
  }

  #steps(step: number, { loss, accuracy, learningRate }: StepMetrics): void {
    this.#step = step;
    this.#shown = { loss, accuracy, lr: learningRate };
    this.#progress?.update(step, this.#shown);
  }

  #images(images: number): void {
    if (this.#phase === "test") this.#progress?.update(images, {});
    else {
      const shown = { ...this.#shown, validated: images };
      this.#progress?.update(this.#step, shown);
    }
  }

  #validated({ step, accuracy }: ValidationRecord): void {
    this.print(
      `step ${step}: ${percentage(accuracy)} % of held-out images right`,
    );
  }

  /** Ends the progress bar, if there is one. */
  end(): void {
    this.#progress?.finish();
    this.#progress = undefined;
  }
}
