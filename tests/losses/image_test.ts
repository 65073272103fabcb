import { assertEquals, assertThrows } from "@std/assert";
import { input } from "../../engine/graph/tensor.ts";
import { imageLoss } from "../../losses/image.ts";
import { assertClose } from "../engine/compare.ts";
import { testOnDevices } from "../engine/devices.ts";
import { checkLosses, evaluateLoss, rowsOf, unitRows } from "./check.ts";
import { contrasts, describe, printed } from "./naive_contrast.ts";
import { naiveImageLoss } from "./naive_image.ts";

testOnDevices(
  "imageLoss: is Eq. 16 or InfoNCE, and so is its gradient",
  (device) =>
    checkLosses(
      device,
      [
        ...contrasts.map((options) => ({ n: 6, width: 3, views: 2, options })),
        // of one instance, which has no negatives
        { n: 1, width: 3, views: 1, options: printed },
        { n: 5, width: 7, views: 1, options: printed },
        { n: 9, width: 5, views: 3, options: printed },
        { n: 12, width: 17, views: 4, options: printed },
      ].map(({ n, width, views, options }) => ({
        what: `${n} images of ${views} views, ${describe(options)}`,
        shapes: [[n, width], [n, width]],
        loss: (predictions, targets) =>
          imageLoss({ predictions, targets, views }, options),
        naive: (predictions, targets) =>
          naiveImageLoss(predictions, targets, views, options),
      })),
    ),
);

testOnDevices(
  "imageLoss: equal and opposite images have a finite loss and, as printed, no gradient",
  async (device) => {
    const [n, width, views] = [4, 5, 2];
    const row = unitRows([1, width]);
    // one vector everywhere, but its opposite as the targets of the second instance
    const same = Array.from({ length: n * width }, (_, i) => row[i % width]);
    const opposite = same.map((value, i) => i < views * width ? value : -value);
    for (const options of contrasts.filter(({ form }) => form === "nce")) {
      const { loss, gradients } = await evaluateLoss(
        device,
        {
          predictions: [[n, width], same],
          targets: [[n, width], opposite],
        },
        ({ predictions, targets }) =>
          imageLoss({ predictions, targets, views }, options).loss,
      );
      const expected = naiveImageLoss(
        rowsOf(same, width),
        rowsOf(opposite, width),
        views,
        options,
      );
      // 1 - (1 - 1e-6) is 1.013e-6 in float32
      assertClose([loss], [expected.loss], describe(options), 1e-3);
      for (const values of gradients) {
        assertEquals(values, new Float32Array(n * width));
      }
    }
  },
);

Deno.test("imageLoss: refuses rows that are not views of instances, and targets of others", () => {
  const predictions = input("predictions", [6, 5]);
  assertThrows(
    () => imageLoss({ predictions, targets: predictions, views: 4 }, printed),
    RangeError,
    "6 rows are not 4 views of each instance",
  );
  assertThrows(
    () =>
      imageLoss(
        { predictions, targets: input("y", [3, 5]), views: 2 },
        printed,
      ),
    RangeError,
    "targets must be [6,5], not [3,5]",
  );
  const maps = input("maps", [6, 5, 1]);
  assertThrows(
    () => imageLoss({ predictions: maps, targets: maps, views: 2 }, printed),
    RangeError,
    "imageLoss: predictions must be [n,width], not [6,5,1]",
  );
});
