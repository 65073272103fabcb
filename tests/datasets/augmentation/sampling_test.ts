import { resizeMatrix } from "../../../datasets/augmentation/sampling.ts";
import { iota } from "../../../engine/ops/iota.ts";
import { Program } from "../../../engine/program.ts";
import { constant } from "../../../engine/graph/tensor.ts";
import { assertClose } from "../../engine/compare.ts";
import { testOnDevices } from "../../engine/devices.ts";
import { type FixtureArray, readFixture } from "../../fixtures/read.ts";
import { bicubicWeights } from "./naive_image.ts";

interface ResizeFixture {
  readonly start: number;
  readonly length: number;
  readonly out: number;
  readonly size: number;
  readonly matrix: FixtureArray;
}

for (
  const { start, length, out, size, matrix } of readFixture<ResizeFixture[]>(
    "resize",
  )
) {
  const name = `${length} of ${size} pixels to ${out}`;
  testOnDevices(
    `resizeMatrix: the bicubic weights of ${name}, also mirrored, are Pillow's`,
    async (device) => {
      // the same pixels as they are and mirrored
      const weights = resizeMatrix(
        constant(start, [2]),
        constant(length, [2]),
        iota([2], 0, "f32"),
        out,
        size,
      );
      const program = await Program.compile(device, { outputs: [weights] });
      const [actual] = await program.evaluate();
      program.destroy();
      const rows = Array.from(
        { length: out },
        (_, i) => matrix.data.slice(i * size, (i + 1) * size),
      );
      assertClose(
        actual,
        [...rows, ...rows.toReversed()].flat(),
        "weights",
        1e-6,
      );
    },
  );
  Deno.test(`resizeMatrix: the bicubic weights of ${name} in float64 are Pillow's`, () => {
    const rows = bicubicWeights(length, out).map((weights) => [
      ...Array<number>(start).fill(0),
      ...weights,
      ...Array<number>(size - start - length).fill(0),
    ]);
    assertClose(rows.flat(), matrix.data, "weights", 1e-7);
  });
}
