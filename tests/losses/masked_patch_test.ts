import { assertAlmostEquals, assertEquals } from "@std/assert";
import type { Device } from "../../engine/devices/device.ts";
import { multiply } from "../../engine/ops/elementwise.ts";
import { Program } from "../../engine/program.ts";
import { input, Storage, type Tensor } from "../../engine/graph/tensor.ts";
import type { Normalizer } from "../../losses/contrast.ts";
import { compute, maskedPatchLoss } from "../../losses/masked_patch.ts";
import type { LossValue } from "../../losses/term.ts";
import { assertClose, checkOperation } from "../engine/compare.ts";
import { testOnDevices } from "../engine/devices.ts";
import { type FixtureArray, readFixture } from "../fixtures/read.ts";
import {
  type Batch,
  type BatchSizes,
  naiveMaskedPatchLoss,
  randomBatch,
  randomLocations,
} from "./naive_masked_patch.ts";

const NORMALIZERS: readonly Normalizer[] = ["balanced", "pairs"];

function lossOf(
  batch: BatchSizes & Pick<Batch, "locations">,
  predictions: Tensor,
  targets: Tensor,
  normalizer: Normalizer,
): LossValue {
  const { n, masked, views } = batch;
  const locations = new Storage("locations", n * masked, "i32", batch.locations)
    .tensor([n, masked]);
  return maskedPatchLoss(
    { predictions, targets, locations, views },
    normalizer,
  );
}

/** The loss, and the mean similarity of positive and of negative pairs, on a device. */
async function evaluate(
  device: Device,
  batch: Batch,
  normalizer: Normalizer,
): Promise<number[]> {
  const { n, patches, masked, width, predictions, targets } = batch;
  const { loss, metrics } = lossOf(
    batch,
    input("predictions", [n, masked, width]),
    input("targets", [n, patches, width]),
    normalizer,
  );
  const { positiveSimilarity, negativeSimilarity } = metrics;
  const program = await Program.compile(device, {
    outputs: [loss, positiveSimilarity, negativeSimilarity],
  });
  const values = await program.evaluate({ predictions, targets });
  program.destroy();
  return values.map(([value]) => value);
}

for (const views of [1, 2, 4]) {
  for (const normalizer of NORMALIZERS) {
    const sizes = { n: 4, patches: 5, masked: 3, width: 7, views };
    testOnDevices(
      `the masked patch loss of ${views} views, ${normalizer}, is Eq. 15`,
      async (device) => {
        const batch = randomBatch(sizes);
        assertClose(
          await evaluate(device, batch, normalizer),
          naiveMaskedPatchLoss(batch, normalizer),
          "loss and similarities",
        );
      },
    );
    testOnDevices(
      `the gradient of the masked patch loss of ${views} views, ${normalizer}`,
      (device) => {
        const batch = { ...sizes, locations: randomLocations(sizes) };
        return checkOperation(
          device,
          [[4, 3, 7], [4, 5, 7]],
          // large enough that the gradient of a mean over all pairs is not small
          (predictions, targets) =>
            multiply(
              lossOf(batch, predictions, targets, normalizer).loss,
              50,
            ),
          // far enough from 0 and 1 that no similarity is clamped
          { low: -0.35, high: 0.35 },
        );
      },
    );
  }
}

interface LossFixture {
  readonly views: number;
  readonly predictions: FixtureArray;
  readonly targets: FixtureArray;
  readonly locations: FixtureArray;
  readonly balanced: number;
  readonly pairs: number;
  readonly positiveSimilarity: number;
  readonly negativeSimilarity: number;
}

for (const fixture of readFixture<LossFixture[]>("masked_patch_loss")) {
  testOnDevices(
    `the masked patch loss of ${fixture.views} views is that of NumPy`,
    async (device) => {
      const [n, masked, width] = fixture.predictions.shape;
      const batch = {
        n,
        masked,
        width,
        patches: fixture.targets.shape[1],
        views: fixture.views,
        predictions: Float32Array.from(fixture.predictions.data),
        targets: Float32Array.from(fixture.targets.data),
        locations: Int32Array.from(fixture.locations.data),
      };
      const { positiveSimilarity, negativeSimilarity } = fixture;
      for (const normalizer of NORMALIZERS) {
        assertClose(
          await evaluate(device, batch, normalizer),
          [fixture[normalizer], positiveSimilarity, negativeSimilarity],
          normalizer,
          // a mean of a hundred logarithms in float32
          2e-6,
        );
      }
    },
  );
}

testOnDevices(
  "the balanced loss of unrelated vectors is about 2 log 2",
  async (device) => {
    const batch = randomBatch({
      n: 32,
      patches: 16,
      masked: 4,
      width: 128,
      views: 2,
    });
    const [loss] = await evaluate(device, batch, "balanced");
    // the mean over 256 positives has a deviation of 0.09 / 16
    assertAlmostEquals(loss, 2 * Math.LN2, 0.04);
  },
);

testOnDevices(
  "positive pairs are not among the negative ones",
  async (device) => {
    const [instances, views, patches, masked] = [2, 2, 3, 2];
    const width = instances * patches;
    const sizes = { n: instances * views, patches, masked, width, views };
    const locations = randomLocations(sizes);
    // each patch of an instance has an axis of its own, the same in both views
    const axis = (image: number, location: number) => {
      const row = new Array<number>(width).fill(0);
      row[Math.floor(image / views) * patches + location] = 1;
      return row;
    };
    const predictions = Array.from(
      locations,
      (location, i) => axis(Math.floor(i / masked), location),
    );
    const targets = Array.from(
      { length: sizes.n * patches },
      (_, i) => axis(Math.floor(i / patches), i % patches),
    );
    const batch = {
      ...sizes,
      locations,
      predictions: Float32Array.from(predictions.flat()),
      targets: Float32Array.from(targets.flat()),
    };
    // a positive among the negatives would add -log(1e-6) for itself
    assertClose(
      await evaluate(device, batch, "balanced"),
      [Math.LN2, 1, 0.5],
      "loss and similarities",
    );
  },
);

Deno.test("a model that predicts no patches has no masked patch loss", () => {
  assertEquals(compute({}, { weight: 1, normalizer: "balanced" }), undefined);
});
