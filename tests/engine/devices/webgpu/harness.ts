import { assertEquals } from "@std/assert";
import type { HostArray } from "../../../../engine/devices/device.ts";
import { WebGpuDevice } from "../../../../engine/devices/webgpu/device.ts";
import type { ProductSchemeName } from "../../../../engine/devices/webgpu/product.ts";
import type {
  Buffer,
  Kernel,
  Schedule,
} from "../../../../engine/compile/kernel.ts";
import { planMemory } from "../../../../engine/compile/memory.ts";
import { Storage } from "../../../../engine/graph/tensor.ts";

const required = Deno.env.get("DV2_REQUIRE_DEVICES") === "1";

/**
 * Registers a test on a WebGPU device of its own; skipped where there is none, unless it is required.
 *
 * @param scheme how the device computes products; by default as is fast there
 */
export function gpuTest(
  name: string,
  test: (device: WebGpuDevice) => Promise<void>,
  scheme?: ProductSchemeName,
): void {
  Deno.test({
    name: found || required
      ? name
      : `${name} (skipped: no WebGPU adapter, install a Vulkan driver)`,
    ignore: !found && !required,
    fn: async () => {
      const device = await WebGpuDevice.request(scheme);
      if (!device) {
        throw new Error(
          "DV2_REQUIRE_DEVICES=1, but there is no WebGPU adapter",
        );
      }
      try {
        await test(device);
      } finally {
        device.destroy();
      }
    },
  });
}

const found = await navigator.gpu.requestAdapter() !== null;

/** Uniform numbers in [-1, 1) from a fresh seed, which is printed if `test` fails. */
export async function withRandom(
  test: (random: () => number) => Promise<void>,
): Promise<void> {
  const seed = Math.floor(Math.random() * 2 ** 32);
  let state = seed;
  const random = () => {
    // mulberry32
    state = state + 0x6d2b79f5 | 0;
    let word = Math.imul(state ^ state >>> 15, 1 | state);
    word = word + Math.imul(word ^ word >>> 7, 61 | word) ^ word;
    return ((word ^ word >>> 14) >>> 0) / 2 ** 31 - 1;
  };
  try {
    await test(random);
  } catch (error) {
    throw new Error(`with seed ${seed}`, { cause: error });
  }
}

/** `size` numbers drawn by `draw`. */
export function filled(
  size: number,
  draw: (i: number) => number,
): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: size }, (_, i) => draw(i));
}

/** A buffer that is fed as an input. */
export function inputBuffer(name: string, values: HostArray): Buffer {
  const dtype = values instanceof Float32Array
    ? "f32"
    : values instanceof Int32Array
    ? "i32"
    : values instanceof Uint32Array
    ? "u32"
    : "u8";
  return { size: values.length, dtype, label: `input ${name}`, input: name };
}

/** A whole storage as a buffer. */
export function stateBuffer(
  storage: Storage,
  offset = 0,
  size = storage.size,
): Buffer {
  return {
    size,
    dtype: storage.dtype,
    label: storage.name,
    state: { storage, offset },
  };
}

/** A storage full of NaN, so that an element that is not written shows. */
export function poisoned(size: number): Storage {
  return new Storage("result", size, "f32", new Float32Array(size).fill(NaN));
}

/** The schedule of one kernel. */
export function scheduleOf(
  kernel: Kernel,
  inputs: readonly Buffer[],
  output: Buffer,
): Schedule {
  const fed = new Map(
    inputs.flatMap((buffer) =>
      buffer.input ? [[buffer.input, buffer] as const] : []
    ),
  );
  return {
    dispatches: [{ kernel, inputs, output }],
    inputs: fed,
    outputs: [output],
  };
}

/** Runs one kernel twice on its inputs; the output, of `size` f32 elements, starts as NaN. */
export async function runKernel(
  device: WebGpuDevice,
  kernel: Kernel,
  values: readonly HostArray[],
  size: number,
): Promise<HostArray> {
  const inputs = values.map((array, i) => inputBuffer(`input${i}`, array));
  const schedule = scheduleOf(kernel, inputs, stateBuffer(poisoned(size)));
  const program = await device.compile(planMemory(schedule, device.limits));
  const feeds = Object.fromEntries(
    values.map((array, i) => [`input${i}`, array]),
  );
  await program.run(feeds);
  const first = await program.read(schedule.outputs[0]);
  await program.run(feeds);
  assertEquals(
    await program.read(schedule.outputs[0]),
    first,
    "a second run gives the same",
  );
  program.destroy();
  return first;
}

/** Asserts that values differ from the expected ones by at most `tolerance` times the largest of those. */
export function assertClose(
  actual: HostArray,
  expected: ArrayLike<number>,
  tolerance: number,
): void {
  assertEquals(actual.length, expected.length);
  const scale = Array.from(expected).reduce(
    (most, value) => Math.max(most, Math.abs(value)),
    1e-30,
  );
  for (let i = 0; i < expected.length; i++) {
    if (!(Math.abs(actual[i] - expected[i]) <= tolerance * scale)) {
      throw new Error(
        `element ${i} is ${actual[i]}, not ${expected[i]} (scale ${scale})`,
      );
    }
  }
}
