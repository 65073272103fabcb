import type { ProbePhase } from "../evaluate/probe.ts";
import { errorStream, Progress, type ProgressOutput } from "./progress.ts";

/** Shows the progress of measuring an encoder. */
export class ProbeDisplay {
  #progress?: Progress;

  /** Shows nothing yet. */
  constructor(private readonly output: ProgressOutput = errorStream) {}

  /** Announces a part of the work. */
  begin(phase: ProbePhase): void {
    this.end();
    const { unit, total } = phase;
    this.output.write(`${describePhase(phase)}\n`);
    this.#progress = new Progress({ total, unit, output: this.output });
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

/** A line that announces a part of the measuring of an encoder. */
export function describePhase({ encoder, unit, total }: ProbePhase): string {
  if (encoder === undefined) return `reading ${total} ${unit} ...`;
  const work = unit === "images" ? "computing features" : "classifying";
  return `${work} with the ${encoder} encoder, ${total} ${unit} ...`;
}
