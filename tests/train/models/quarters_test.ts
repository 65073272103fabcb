import { Program } from "../../../engine/program.ts";
import { input } from "../../../engine/graph/tensor.ts";
import { quarters } from "../../../train/models/quarters.ts";
import { assertClose } from "../../engine/compare.ts";
import { randomArray } from "../../random.ts";
import { testOnDevices } from "../../engine/devices.ts";

for (
  const { grid, cells } of [
    { grid: 2, cells: [[0], [1], [2], [3]] },
    // the middle row and column belong to the quarters on both sides
    {
      grid: 3,
      cells: [[0, 1, 3, 4], [1, 2, 4, 5], [3, 4, 6, 7], [4, 5, 7, 8]],
    },
    {
      grid: 4,
      cells: [[0, 1, 4, 5], [2, 3, 6, 7], [8, 9, 12, 13], [10, 11, 14, 15]],
    },
  ]
) {
  testOnDevices(
    `quarters: are means over the patches of a grid of ${grid}`,
    async (device) => {
      const [n, width] = [3, 5];
      const P = input("P", [n, grid ** 2, width]);
      const program = await Program.compile(device, {
        outputs: [quarters(P, grid)],
      });
      const values = randomArray(P.size);
      const [actual] = await program.evaluate({ P: values });
      program.destroy();
      const expected = Array.from(
        { length: n },
        (_, image) =>
          cells.map((patches) =>
            Array.from(
              { length: width },
              (_, i) =>
                patches.reduce(
                  (sum, patch) =>
                    sum + values[(image * grid ** 2 + patch) * width + i],
                  0,
                ) /
                patches.length,
            )
          ),
      );
      assertClose(actual, expected.flat(2), "quarters");
    },
  );
}
