import type { Communicator } from "../../engine/communicator.ts";
import type { Device, HostArray } from "../../engine/devices/device.ts";
import { WasmDevice } from "../../engine/devices/wasm/device.ts";
import { WebGpuDevice } from "../../engine/devices/webgpu/device.ts";

/** What all ranks bring to one exchange. */
interface Round {
  readonly values: HostArray[];
  readonly complete: PromiseWithResolvers<void>;
}

/** Communicators of `size` ranks within this process. */
export function localCommunicators(size: number): Communicator[] {
  const rounds: Round[] = [];
  return Array.from({ length: size }, (_, rank) => {
    let next = 0;
    /** Brings a copy of `own` to the next round, and takes what all have brought. */
    const meet = async (own: HostArray): Promise<HostArray[]> => {
      const { values, complete } = rounds[next++] ??= {
        values: [],
        complete: Promise.withResolvers(),
      };
      values[rank] = own.slice();
      if (Object.keys(values).length === size) complete.resolve();
      await complete.promise;
      return values;
    };
    const sumOf = (all: readonly HostArray[]) =>
      Float32Array.from(
        all[0],
        (_, i) => all.reduce((sum, values) => Math.fround(sum + values[i]), 0),
      );
    return {
      rank,
      size,
      async allReduce(values, sum) {
        sum.set(sumOf(await meet(values)));
      },
      async allGather(part, whole) {
        const all = await meet(part);
        all.forEach((values, i) => whole.set(values, i * part.length));
      },
      async reduceScatter(whole, part) {
        const sum = sumOf(await meet(whole));
        const start = rank * part.length;
        part.set(sum.subarray(start, start + part.length));
      },
      async broadcast(values) {
        values.set((await meet(values))[0]);
      },
    };
  });
}

/** What each of a number of ranks gives, each on a device of its own: `device` and others of its kind. */
export async function onRanks<Result>(
  device: Device,
  size: number,
  run: (device: Device, communicator: Communicator) => Promise<Result>,
): Promise<Result[]> {
  const devices = [device];
  while (devices.length < size) devices.push(await another(device));
  try {
    return await Promise.all(
      localCommunicators(size).map((communicator, rank) =>
        run(devices[rank], communicator)
      ),
    );
  } finally {
    devices.slice(1).forEach((other) => other.destroy());
  }
}

async function another({ kind }: Device): Promise<Device> {
  return kind === "wasm" ? new WasmDevice(1) : (await WebGpuDevice.request())!;
}
