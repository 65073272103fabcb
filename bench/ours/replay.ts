import type { Device } from "../../engine/devices/device.ts";
import { type Plan, wholeOf } from "../../engine/compile/memory.ts";
import {
  type Feeds,
  Program,
  type ProgramDefinition,
} from "../../engine/program.ts";
import { type Shape, Storage, type Tensor } from "../../engine/graph/tensor.ts";
import type { Contender, Values } from "../work.ts";

/** Values that lie on the device from the beginning. */
export function resident(values: Values, shape: Shape): Tensor {
  return new Storage("values", values.length, "f32", values).tensor(shape);
}

/** A contender that replays a program; its result is the outputs one after another. */
export async function replayed(
  device: Device,
  definition: ProgramDefinition,
): Promise<Contender> {
  const program = await Program.compile(device, definition);
  return {
    run: (times) => replay(device, program, times),
    async result() {
      return joined(await program.evaluate());
    },
    close: () => release(device, program),
  };
}

/** The elements of all arrays one after another. */
export function joined(arrays: readonly ArrayLike<number>[]): Values {
  const size = arrays.reduce((total, { length }) => total + length, 0);
  const values = new Float32Array(size);
  let start = 0;
  for (const array of arrays) {
    values.set(array, start);
    start += array.length;
  }
  return values;
}

/** Runs a program a number of times, to the end of the last one. */
export async function replay(
  device: Device,
  program: Program,
  times: number,
  feeds: Feeds = {},
): Promise<void> {
  for (let i = 0; i < times; i++) await program.run(feeds);
  await finished(device);
}

/** Resolves when a device has done everything queued so far. */
export async function finished(device: Device): Promise<void> {
  const single = new Storage("end of the queue", 1);
  await device.read(single);
  device.release(single);
}

/** Frees a program, or what holds one, and every storage that it uses. */
export function release(
  device: Device,
  program: Pick<Program, "plan" | "destroy">,
): void {
  program.destroy();
  storagesOf(program.plan).forEach((storage) => device.release(storage));
}

/** Every storage that the kernels of a plan read or write. */
export function storagesOf({ dispatches }: Plan): ReadonlySet<Storage> {
  const buffers = dispatches.flatMap(({ inputs, output }) => [
    ...inputs,
    output,
  ]);
  return new Set(
    buffers.flatMap((part) => wholeOf(part).buffer.state?.storage ?? []),
  );
}
