/** Pooling on both devices: engine/devices/wasm/calls/pooling.ts and engine/devices/webgpu/pooling.ts. */
import { assertEquals } from "@std/assert";
import type { PoolKernel } from "../../../../engine/compile/kernel.ts";
import { randomNumber } from "../../../random.ts";
import { testOnDevices, testOnWasm } from "../../devices.ts";
import { filled, type KernelCase, runKernels } from "./harness.ts";

const geometries = [
  [6, 7, 3, 3, 2, 1],
  [5, 5, 1, 2, 2, 0],
  [7, 4, 9, 3, 1, 1],
  [9, 11, 2, 2, 3, 0],
].map(([height, width, channels, size, stride, padding]) => ({
  n: 2,
  height,
  width,
  inputs: channels,
  outHeight: Math.floor((height + 2 * padding - size) / stride) + 1,
  outWidth: Math.floor((width + 2 * padding - size) / stride) + 1,
  outputs: channels,
  window: { size, stride, padding },
}));

/** An image of one channel and two by two pixels. */
const square = { n: 1, height: 2, width: 2, inputs: 1, outputs: 1 };

testOnDevices(
  "lowerPool: a maximum ignores padding and sends its gradient to the first of equals",
  async (device) => {
    const expected: Float32Array<ArrayBuffer>[] = [];
    const cases = geometries.flatMap((geometry): KernelCase[] => {
      const { n, height, width, inputs, outHeight, outWidth, window } =
        geometry;
      // few values, so that many are equal, and all below the zeros of a padding
      const x = filled(
        n * height * width * inputs,
        () => -1 - Math.floor(randomNumber(0, 2)),
      );
      const gradient = filled(
        n * outHeight * outWidth * inputs,
        () => Math.floor(randomNumber(0, 10)),
      );
      const largest = filled(gradient.length, () => -Infinity);
      const spread = new Float32Array(x.length);
      for (let i = 0; i < gradient.length; i++) {
        const channel = i % inputs;
        const column = Math.floor(i / inputs) % outWidth;
        const row = Math.floor(i / inputs / outWidth) % outHeight;
        const image = Math.floor(i / inputs / outWidth / outHeight);
        let choice = -1;
        for (let tap = 0; tap < window.size ** 2; tap++) {
          const y = row * window.stride - window.padding +
            Math.floor(tap / window.size);
          const z = column * window.stride - window.padding + tap % window.size;
          if (y < 0 || y >= height || z < 0 || z >= width) continue;
          const position = ((image * height + y) * width + z) * inputs +
            channel;
          if (x[position] > largest[i]) {
            largest[i] = x[position];
            choice = position;
          }
        }
        spread[choice] += gradient[i];
      }
      expected.push(largest, spread);
      const kernel = { kind: "pool", geometry } as const;
      const forward: PoolKernel = { ...kernel, gradient: false };
      const backward: PoolKernel = { ...kernel, gradient: true };
      return [
        { kernel: forward, inputs: [x], size: largest.length },
        { kernel: backward, inputs: [gradient, x], size: x.length },
      ];
    });
    assertEquals(await runKernels(device, cases), expected);
  },
);

testOnDevices(
  "lowerPool: the maximum of a window of minus infinities is minus infinity",
  async (device) => {
    const [geometry] = geometries;
    const { n, height, width, inputs, outHeight, outWidth } = geometry;
    const [actual] = await runKernels(device, [{
      kernel: { kind: "pool", gradient: false, geometry },
      inputs: [filled(n * height * width * inputs, () => -Infinity)],
      size: n * outHeight * outWidth * inputs,
    }]);
    assertEquals(actual, filled(actual.length, () => -Infinity));
  },
);

testOnDevices(
  "lowerPool: a window of minus infinities gives its gradient to the first, not to the padding",
  async (device) => {
    const geometry = {
      ...square,
      outHeight: 3,
      outWidth: 3,
      window: { size: 2, stride: 1, padding: 1 },
    };
    const [slope] = await runKernels(device, [{
      kernel: { kind: "pool", gradient: true, geometry },
      inputs: [filled(9, () => 1), filled(4, () => -Infinity)],
      size: 4,
    }]);
    assertEquals([...slope], [4, 2, 2, 1]);
  },
);

testOnWasm("lowerPool: a NaN stays, and takes the gradient", async (wasm) => {
  const geometry = {
    ...square,
    outHeight: 1,
    outWidth: 1,
    window: { size: 2, stride: 2, padding: 0 },
  };
  for (let place = 0; place < 4; place++) {
    const x = new Float32Array([5, 1, 2, 3]);
    x[place] = NaN;
    const kernel = { kind: "pool", geometry } as const;
    const [[largest], slope] = await runKernels(wasm, [
      { kernel: { ...kernel, gradient: false }, inputs: [x], size: 1 },
      {
        kernel: { ...kernel, gradient: true },
        inputs: [new Float32Array([7]), x],
        size: 4,
      },
    ]);
    assertEquals(largest, NaN);
    assertEquals([...slope].indexOf(7), place);
  }
});
