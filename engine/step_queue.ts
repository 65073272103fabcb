import type { Device } from "./devices/device.ts";

/** Lets no step of a device into the middle of an evaluation, nor of a compilation. */
export class StepQueue {
  #evaluations = 0;
  #lastEvaluation: Promise<void> = Promise.resolve();

  /** Runs one step, or what reads or writes a storage, after all evaluations asked for before. */
  step<Result>(task: () => Promise<Result>): Promise<Result> {
    return this.#evaluations === 0 ? task() : this.#lastEvaluation.then(task);
  }

  /** Runs what belongs together: steps and reads of their results, or a compilation. */
  evaluation<Result>(task: () => Promise<Result>): Promise<Result> {
    const result = this.step(task);
    this.#evaluations++;
    const end = () => {
      this.#evaluations--;
    };
    // an error goes to the caller; later tasks still run
    this.#lastEvaluation = result.then(end, end);
    return result;
  }
}

const queues = new WeakMap<Device, StepQueue>();

/** The queue of a device, whose programs share its memory and its storages. */
export function queueOf(device: Device): StepQueue {
  let queue = queues.get(device);
  if (!queue) {
    queue = new StepQueue();
    queues.set(device, queue);
  }
  return queue;
}
