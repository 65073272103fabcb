import type {
  FinetuneEvents,
  FinetunePhase,
} from "../finetune/finetune_training.ts";
import type { ValidationRecord } from "../finetune/validation.ts";
import type { StepMetrics } from "../training_step.ts";
import { percentage } from "../evaluate/percentage.ts";
import { Progress } from "./progress.ts";

/** Shows the progress of a fine-tuning on the error stream. */
export class FinetuneDisplay {
  #progress?: Progress;
  #phase?: FinetunePhase;
  #step = 0;
  #shown: Readonly<Record<string, number>> = {};

  /** The callbacks of a fine-tuning. */
  get events(): FinetuneEvents {
    return {
      onPhase: (phase, done, total) => this.#begin(phase, done, total),
      onStep: (step, metrics) => this.#steps(step, metrics),
      onProgress: (images) => this.#images(images),
      onValidation: (record) => this.#validated(record),
    };
  }

  /** Prints a line, above the progress bar where there is one. */
  print(line: string): void {
    if (this.#progress) this.#progress.print(line);
    else console.error(line);
  }

  /** Announces a part, other than validations, which are shown beside the steps. */
  #begin(phase: FinetunePhase, done: number, total: number): void {
    const goesOn = this.#progress && phase !== "test";
    this.#phase = phase;
    if (goesOn) return;
    this.end();
    this.#step = done;
    this.print(
      phase === "test"
        ? `classifying ${total} test images ...`
        : `training for ${total} steps` +
          (done > 0 ? `, from step ${done} on ...` : " ..."),
    );
    const unit = phase === "test" ? "images" : "steps";
    this.#progress = new Progress({ total, start: done, unit });
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
