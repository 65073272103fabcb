import { assertEquals } from "@std/assert";
import { gradient } from "../../engine/graph/gradient.ts";
import { Program } from "../../engine/program.ts";
import { input } from "../../engine/graph/tensor.ts";
import type { Normalizer } from "../../losses/contrast.ts";
import { compute, imageLoss } from "../../losses/image.ts";
import { assertClose } from "../engine/compare.ts";
import { testOnDevices } from "../engine/devices.ts";
import { checkLoss, rowsOf, unitRows } from "./check.ts";
import { naiveImageLoss } from "./naive_image.ts";

const NORMALIZERS: readonly Normalizer[] = ["balanced", "pairs"];

// the first is of one instance, which has no negatives
for (
  const { n, width, views } of [
    { n: 1, width: 3, views: 1 },
    { n: 5, width: 7, views: 1 },
    { n: 6, width: 3, views: 2 },
    { n: 9, width: 5, views: 3 },
    { n: 12, width: 17, views: 4 },
  ]
) {
  for (const normalizer of NORMALIZERS) {
    testOnDevices(
      `the image loss of ${n} images of ${views} views, ${normalizer}, is Eq. 16, and so is its gradient`,
      (device) =>
        checkLoss(device, {
          shapes: [[n, width], [n, width]],
          loss: (predictions, targets) =>
            imageLoss({ predictions, targets, views }, normalizer),
          naive: (predictions, targets) =>
            naiveImageLoss(predictions, targets, views, normalizer),
        }),
    );
  }
}

testOnDevices(
  "equal and opposite images give a finite loss and no gradient",
  async (device) => {
    const [n, width] = [4, 5];
    const rows = unitRows([1, width], 1);
    // one vector everywhere, but its opposite as the targets of the second instance
    const same = Float32Array.from(
      { length: n * width },
      (_, i) => rows[i % width],
    );
    const opposite = same.map((value, i) => i < 2 * width ? value : -value);
    const predictions = input("predictions", [n, width]);
    const targets = input("targets", [n, width]);
    for (const normalizer of NORMALIZERS) {
      const { loss } = imageLoss(
        { predictions, targets, views: 2 },
        normalizer,
      );
      const program = await Program.compile(device, {
        outputs: [loss, ...gradient(loss, [predictions, targets])],
      });
      const [value, ...gradients] = await program.evaluate({
        predictions: same,
        targets: opposite,
      });
      program.destroy();
      const expected = naiveImageLoss(
        rowsOf(same, width),
        rowsOf(opposite, width),
        2,
        normalizer,
      );
      // 1 - (1 - 1e-6) is 1.013e-6 in float32
      assertClose(value, [expected.loss], normalizer, 1e-3);
      for (const values of gradients) {
        assertEquals(values, new Float32Array(n * width));
      }
    }
  },
);

Deno.test("a model that sees no whole images has no image loss", () => {
  assertEquals(compute({}, { weight: 1, normalizer: "balanced" }), undefined);
});
