import type { ProbePhase } from "../evaluate/probe_run.ts";
import { Progress } from "./progress.ts";

/** Shows the progress of measuring an encoder on the error stream. */
export class ProbeDisplay {
  #progress?: Progress;

  /** Announces a part of the work. */
  begin({ encoder, unit, total }: ProbePhase): void {
    this.end();
    const work = unit === "images" ? "computing features" : "classifying";
    console.error(`${work} with the ${encoder} encoder, ${total} ${unit} ...`);
    this.#progress = new Progress({ total, unit });
  }

  /** Shows how much of that part is done. */
  update(done: number): void {
    this.#progress?.update(done, {});
  }

  /** Ends the progress bar, if there is one. */
  end(): void {
    this.#progress?.finish();
    this.#progress = undefined;
  }
}
