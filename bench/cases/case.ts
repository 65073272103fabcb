import type { Device } from "../../engine/devices/device.ts";
import type { Unit } from "../result.ts";
import type { Work } from "../work.ts";

/** Work that all peers are asked to do. */
export interface WorkCase {
  readonly name: string;
  /** Largest difference between two results, relative to the largest magnitude. */
  readonly tolerance: number;
  /** Multiplications and additions, where they say how much there is to do. */
  readonly operations?: number;
  /** Whether JavaScript peers compete on all their backends, and not only on that of our device. */
  readonly onAllBackends?: boolean;
  /** Makes the work; the values of all cases together would take much memory. */
  make(): Work;
}

/** What was measured of ourselves alone. */
export interface Fact {
  readonly ours: number;
  /** What it is compared with; `bar` is a limit that we have set ourselves. */
  readonly peer: string;
  readonly theirs: number;
  readonly unit: Unit;
}

/** Something that only we can measure of ourselves. */
export interface FactCase {
  readonly name: string;
  measure(device: Device): Promise<Fact> | Fact;
}

/** One line of the results, or one for each peer. */
export type Case = WorkCase | FactCase;
