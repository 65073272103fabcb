import type { ProbePhase } from "../evaluate/probe_run.ts";
import { Progress } from "./progress.ts";

/** Tells a person on the error stream how far the measuring of an encoder is. */
export class ProbeDisplay {
  #progress?: Progress;

  /** Takes note that a part of the work begins. */
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
