import { equal, select } from "../engine/ops/elementwise.ts";
import { iota } from "../engine/ops/iota.ts";
import { broadcastTo, concatenate, reshape } from "../engine/ops/movement.ts";
import type { Device } from "../engine/devices/device.ts";
import type { Assignment } from "../engine/compile/schedule.ts";
import { Storage, type Tensor } from "../engine/graph/tensor.ts";

/**
 * The metrics of the last steps, kept on the device, so that the host seldom has to wait to read them.
 */
export class MetricsRing {
  readonly #storage: Storage;
  readonly #names: readonly string[];

  /** A ring for `length` steps of the named metrics. */
  constructor(readonly length: number, names: readonly string[]) {
    this.#names = names;
    this.#storage = new Storage("metrics", length * names.length);
  }

  /** Writes the numbers, one element each and in the order of the names, into `slot` (i32 `[1]`). */
  record(values: readonly Tensor[], slot: Tensor): Assignment {
    const shape = [this.length, this.#names.length];
    // [names] -> [length, names]
    const row = broadcastTo(
      concatenate(values.map((value) => reshape(value, [1]))),
      shape,
    );
    const isSlot = equal(iota(shape, 0), slot);
    return {
      storage: this.#storage,
      value: select(isSlot, row, this.#storage.tensor(shape)),
    };
  }

  /** The numbers of the steps `from <= step < to`, no more of them than the ring is long. */
  async read(
    device: Device,
    from: number,
    to: number,
  ): Promise<Record<string, number>[]> {
    const values = await device.read(this.#storage);
    return Array.from({ length: to - from }, (_, i) => {
      const start = (from + i) % this.length * this.#names.length;
      return Object.fromEntries(
        this.#names.map((name, j) => [name, values[start + j]]),
      );
    });
  }

  /** Frees the numbers. */
  release(device: Device): void {
    device.release(this.#storage);
  }
}
