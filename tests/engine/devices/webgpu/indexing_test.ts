import { assertEquals } from "@std/assert";
import type { PoolKernel } from "../../../../engine/compile/kernel.ts";
import { filled, gpuTest, runKernel, withRandom } from "./harness.ts";

gpuTest("gather clamps indices outside the table", async (device) => {
  const table = Float32Array.from([1, 2, 3, 4, 5, 6]);
  const indices = Int32Array.from([2, -1, 0, 3, 1]);
  const actual = await runKernel(
    device,
    { kind: "gather", rows: 3, count: 5, width: 2 },
    [table, indices],
    10,
  );
  assertEquals([...actual], [5, 6, 1, 2, 1, 2, 5, 6, 3, 4]);
});

for (
  const [rows, count, width] of [[1, 1, 1], [5, 1031, 3], [4099, 129, 7], [
    3,
    2,
    300,
  ]]
) {
  gpuTest(
    `scatter-add of ${count} updates of ${width} to ${rows} rows adds in order`,
    (device) =>
      withRandom(async (random) => {
        // some indices are outside the table on either side
        const indices = Int32Array.from({ length: count }, () =>
          Math.floor((random() * 0.6 + 0.5) * rows));
        const updates = filled(count * width, random);
        const expected = new Float32Array(rows * width);
        indices.forEach((row, i) => {
          if (row < 0 || row >= rows) {
            return;
          }
          for (let column = 0; column < width; column++) {
            expected[row * width + column] += updates[i * width + column];
          }
        });
        const kernel = { kind: "scatterAdd", rows, count, width } as const;
        assertEquals(
          await runKernel(device, kernel, [indices, updates], rows * width),
          expected,
        );
      }),
  );
}

gpuTest(
  "a maximum ignores padding and sends its gradient to the first of equals",
  (device) =>
    withRandom(async (random) => {
      const window = { size: 3, stride: 2, padding: 1 };
      const geometry = {
        n: 2,
        height: 6,
        width: 7,
        inputs: 3,
        outHeight: 3,
        outWidth: 4,
        outputs: 3,
        window,
      };
      // few values, so that many are equal, and all below the zeros of a padding
      const x = filled(2 * 6 * 7 * 3, () =>
        -1 - Math.floor(Math.abs(random()) * 2));
      const gradient = filled(2 * 3 * 4 * 3, () =>
        Math.floor(random() * 10));
      const largest = new Float32Array(gradient.length).fill(-Infinity);
      const expected = new Float32Array(x.length);
      for (let i = 0; i < gradient.length; i++) {
        const [image, row, column, channel] = [
          Math.floor(i / 36),
          Math.floor(i / 12) % 3,
          Math.floor(i / 3) % 4,
          i % 3,
        ];
        let choice = -1;
        for (let tap = 0; tap < 9; tap++) {
          const [y, z] = [
            row * 2 - 1 + Math.floor(tap / 3),
            column * 2 - 1 + tap % 3,
          ];
          if (y < 0 || y >= 6 || z < 0 || z >= 7) continue;
          const position = ((image * 6 + y) * 7 + z) * 3 + channel;
          if (x[position] > largest[i]) {
            largest[i] = x[position];
            choice = position;
          }
        }
        expected[choice] += gradient[i];
      }
      const kernel: PoolKernel = {
        kind: "pool",
        gradient: false,
        geometry,
      };
      assertEquals(
        await runKernel(device, kernel, [x], largest.length),
        largest,
      );
      assertEquals(
        await runKernel(
          device,
          { ...kernel, gradient: true },
          [gradient, x],
          x.length,
        ),
        expected,
      );
    }),
);
