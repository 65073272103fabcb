import type { HostArray } from "./devices/device.ts";

/**
 * Processes that compute together, each known by its rank. All of them request the same exchanges in
 * the same order; an exchange completes once all have taken part, and all get the same values, bit for bit.
 */
export interface Communicator {
  /** Rank of this process, from 0. */
  readonly rank: number;
  /** Number of processes. */
  readonly size: number;
  /** Time during which exchanges were in flight so far, in milliseconds; absent if it is not measured. */
  readonly milliseconds?: number;
  /** Writes the sum of the `values` of all ranks, f32, to `sum`. */
  allReduce(values: HostArray, sum: HostArray): Promise<void>;
  /** Writes the `part` of each rank to `whole`, in the order of the ranks. */
  allGather(part: HostArray, whole: HostArray): Promise<void>;
  /** Writes this rank's part of the sum of the `whole` of all ranks, f32, to `part`. */
  reduceScatter(whole: HostArray, part: HostArray): Promise<void>;
  /** Overwrites the `values` of all ranks with those of rank 0. */
  broadcast(values: HostArray): Promise<void>;
}

/** A process by itself. */
export const alone: Communicator = {
  rank: 0,
  size: 1,
  allReduce: copy,
  allGather: copy,
  reduceScatter: copy,
  broadcast: () => Promise.resolve(),
};

function copy(from: HostArray, to: HostArray): Promise<void> {
  to.set(from);
  return Promise.resolve();
}
