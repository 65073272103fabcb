import type { Communicator } from "../../engine/communicator.ts";

/** Share of the latest step in the mean wait. */
const LATEST = 0.1;

/**
 * What the processes that share the steps have to decide alike. Each asks before every step, and gets
 * the same answers.
 */
export class Agreement {
  /** The first rank that was asked to stop; absent if none was. */
  stoppedBy?: number;
  /** Whether all read their metrics after the step, as rank 0 decides. */
  reads = false;
  /** The rank that waits least for the others. */
  slowest = 0;
  /** Recent mean of the time that an exchange takes this process in a step, in milliseconds. */
  #wait = 0;
  #milliseconds = 0;

  /** An agreement on nothing yet. */
  constructor(private readonly communicator: Communicator) {}

  /** Exchanges the wishes of this process with those of the others. */
  async renew(stops: boolean, reads: boolean): Promise<void> {
    const { size, milliseconds = 0 } = this.communicator;
    this.#wait += LATEST * (milliseconds - this.#milliseconds - this.#wait);
    this.#milliseconds = milliseconds;
    const own = Float32Array.of(Number(stops), Number(reads), this.#wait);
    const all = new Float32Array(own.length * size);
    await this.communicator.allGather(own, all);
    const column = (i: number) => all.filter((_, j) => j % own.length === i);
    const stopping = column(0).indexOf(1);
    this.stoppedBy = stopping < 0 ? undefined : stopping;
    this.reads = all[1] === 1;
    const waits = column(2);
    this.slowest = waits.indexOf(Math.min(...waits));
  }
}
