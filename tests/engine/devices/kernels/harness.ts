import { assertEquals } from "@std/assert";
import type { Device, HostArray } from "../../../../engine/devices/device.ts";
import type {
  Buffer,
  Dispatch,
  Kernel,
  Schedule,
} from "../../../../engine/compile/kernel.ts";
import { planMemory } from "../../../../engine/compile/memory.ts";
import { type DType, Storage } from "../../../../engine/graph/tensor.ts";

/** `size` numbers, drawn by index. */
export function filled(
  size: number,
  draw: (i: number) => number,
): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: size }, (_, i) => draw(i));
}

function dtypeOf(values: HostArray): DType {
  if (values instanceof Float32Array) return "f32";
  if (values instanceof Int32Array) return "i32";
  return values instanceof Uint32Array ? "u32" : "u8";
}

/** A buffer that is fed as an input. */
export function inputBuffer(name: string, values: HostArray): Buffer {
  const dtype = dtypeOf(values);
  return { size: values.length, dtype, label: `input ${name}`, input: name };
}

/** A range of a storage as a buffer, by default all of it. */
export function stateBuffer(
  storage: Storage,
  offset = 0,
  size = storage.size,
): Buffer {
  const { dtype, name: label } = storage;
  return { size, dtype, label, state: { storage, offset } };
}

/** A schedule of dispatches whose last result is its output. */
export function scheduleOf(dispatches: readonly Dispatch[]): Schedule {
  const inputs = new Map<string, Buffer>();
  for (const buffer of dispatches.flatMap(({ inputs }) => inputs)) {
    if (buffer.input) inputs.set(buffer.input, buffer);
  }
  return {
    dispatches,
    inputs,
    outputs: dispatches.slice(-1).map(({ output }) => output),
  };
}

/** One kernel with the values that it reads. */
export interface KernelCase {
  readonly kernel: Kernel;
  readonly inputs: readonly HostArray[];
  /** Elements of the result. */
  readonly size: number;
  readonly dtype?: "f32" | "i32" | "u32";
}

/**
 * Compiles all cases as one program, runs it twice and returns the results. They start as NaN (all
 * ones), so that an element that is not written shows.
 */
export async function runKernels(
  device: Device,
  cases: readonly KernelCase[],
): Promise<HostArray[]> {
  const feeds: Record<string, HostArray> = {};
  const dispatches = cases.map(({ kernel, inputs, size, dtype = "f32" }, i) => {
    const poison = dtype === "f32"
      ? new Float32Array(size).fill(NaN)
      : dtype === "i32"
      ? new Int32Array(size).fill(-1)
      : new Uint32Array(size).fill(0xffffffff);
    const buffers = inputs.map((values, j) => {
      feeds[`input${i}.${j}`] = values;
      return inputBuffer(`input${i}.${j}`, values);
    });
    const result = new Storage(`result ${i}`, size, dtype, poison);
    return { kernel, inputs: buffers, output: stateBuffer(result) };
  });
  const schedule = {
    ...scheduleOf(dispatches),
    outputs: dispatches.map(({ output }) => output),
  };
  const program = await device.compile(planMemory(schedule, device.limits));
  const read = async () => {
    const results: HostArray[] = [];
    for (const output of schedule.outputs) {
      results.push(await program.read(output));
    }
    return results;
  };
  await program.run(feeds);
  const first = await read();
  await program.run(feeds);
  assertEquals(await read(), first, "a second run gives the same");
  program.destroy();
  for (const { output: { state } } of dispatches) {
    if (state) device.release(state.storage);
  }
  return first;
}

/** The result of one kernel; see {@linkcode runKernels}. */
export async function runKernel(
  device: Device,
  kernel: Kernel,
  inputs: readonly HostArray[],
  size: number,
): Promise<HostArray> {
  const [result] = await runKernels(device, [{ kernel, inputs, size }]);
  return result;
}

/**
 * Asserts that values differ from the expected ones by at most `tolerance` times the largest of those, or
 * times `typical` where that is more: the magnitude of a sum whose terms happen to cancel.
 */
export function assertClose(
  actual: HostArray,
  expected: ArrayLike<number>,
  tolerance: number,
  what = "",
  typical = 0,
): void {
  assertEquals(actual.length, expected.length, what);
  const scale = Array.from(expected).reduce(
    (most, value) => Math.max(most, Math.abs(value)),
    typical,
  );
  for (let i = 0; i < expected.length; i++) {
    if (!(Math.abs(actual[i] - expected[i]) <= tolerance * scale)) {
      throw new Error(
        `${what} element ${i} is ${actual[i]}, not ${
          expected[i]
        } (scale ${scale})`,
      );
    }
  }
}
