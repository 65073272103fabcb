/** Tables on both devices: engine/devices/wasm/calls/indexing.ts and engine/devices/webgpu/indexing.ts. */
import { assertEquals } from "@std/assert";
import { randomArray, randomNumber } from "../../../random.ts";
import { testOnDevices } from "../../devices.ts";
import { runKernel, runKernels } from "./harness.ts";

testOnDevices(
  "lowerGather: clamps indices outside the table",
  async (device) => {
    const table = Float32Array.from([1, 2, 3, 4, 5, 6]);
    const indices = Int32Array.from([2, -1, 0, 3, 1]);
    const actual = await runKernel(
      device,
      { kind: "gather", rows: 3, count: 5, width: 2 },
      [table, indices],
      10,
    );
    assertEquals([...actual], [5, 6, 1, 2, 1, 2, 5, 6, 3, 4]);
  },
);

testOnDevices(
  "lowerScatter: adds the updates of each row in order and skips rows outside the table",
  async (device) => {
    const sizes = [[1, 1, 1], [5, 1031, 3], [4099, 129, 7], [3, 2, 300]];
    const cases = sizes.map(([rows, count, width]) => {
      const indices = Int32Array.from(
        { length: count },
        () => Math.floor(randomNumber(-0.1, 1.1) * rows),
      );
      const updates = randomArray(count * width);
      const expected = new Float32Array(rows * width);
      indices.forEach((row, i) => {
        if (row < 0 || row >= rows) return;
        for (let column = 0; column < width; column++) {
          expected[row * width + column] += updates[i * width + column];
        }
      });
      return {
        kernel: { kind: "scatterAdd", rows, count, width } as const,
        inputs: [indices, updates],
        size: rows * width,
        expected,
      };
    });
    assertEquals(
      await runKernels(device, cases),
      cases.map(({ expected }) => expected),
    );
  },
);

testOnDevices(
  "lower: zero and copy write the whole buffer, whatever its size",
  async (device) => {
    const sizes = [1, 63, 1021, 70001];
    const values = sizes.map((size) => randomArray(size));
    const results = await runKernels(device, [
      ...sizes.map((size) => ({
        kernel: { kind: "zero" } as const,
        inputs: [],
        size,
      })),
      ...values.map((x) => ({
        kernel: { kind: "copy" } as const,
        inputs: [x],
        size: x.length,
      })),
    ]);
    assertEquals(results, [
      ...sizes.map((size) => new Float32Array(size)),
      ...values,
    ]);
  },
);
