import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import type { Device } from "../../engine/devices/device.ts";
import { input, Storage, type Tensor } from "../../engine/graph/tensor.ts";
import { Program } from "../../engine/program.ts";
import type { Normalizer } from "../../losses/contrast.ts";
import { maskedPatch, maskedPatchLoss } from "../../losses/masked_patch.ts";
import type { LossValue } from "../../losses/term.ts";
import { assertClose, poison } from "../engine/compare.ts";
import { testOnDevices } from "../engine/devices.ts";
import { type FixtureArray, readFixture } from "../fixtures/read.ts";
import { checkLosses, unitRows } from "./check.ts";
import { contrasts, describe, printed } from "./naive_contrast.ts";
import {
  type BatchSizes,
  type MaskedPatchOptions,
  naiveMaskedPatchLoss,
  randomLocations,
} from "./naive_masked_patch.ts";

const NORMALIZERS: readonly Normalizer[] = ["balanced", "pairs"];

function lossOf(
  { n, masked, views }: BatchSizes,
  locations: Int32Array<ArrayBuffer>,
  predictions: Tensor,
  targets: Tensor,
  options: MaskedPatchOptions,
): LossValue {
  const places = new Storage("locations", n * masked, "i32", locations);
  return maskedPatchLoss(
    { predictions, targets, locations: places.tensor([n, masked]), views },
    options,
  );
}

testOnDevices(
  "maskedPatchLoss: is Eq. 15, and so is its gradient",
  (device) =>
    checkLosses(
      device,
      [
        ...contrasts.flatMap((contrast) =>
          (["all", "masked"] as const).map((candidates) => ({
            views: 2,
            candidates,
            ...contrast,
          }))
        ),
        { views: 1, candidates: "all" as const, ...printed },
        { views: 4, candidates: "all" as const, ...printed },
      ].map(({ views, ...options }) => {
        const sizes = { n: 4, patches: 5, masked: 3, width: 7, views };
        const locations = randomLocations(sizes);
        return {
          what: `${views} views, ${options.candidates}, ${describe(options)}`,
          shapes: [[4, 3, 7], [4, 5, 7]],
          loss: (predictions, targets) =>
            lossOf(sizes, locations, predictions, targets, options),
          naive: (predictions, targets) =>
            naiveMaskedPatchLoss(
              predictions,
              targets,
              locations,
              sizes,
              options,
            ),
        };
      }),
    ),
);

/** Loss and similarities with each normalizer. */
async function evaluate(
  device: Device,
  sizes: BatchSizes,
  locations: Int32Array<ArrayBuffer>,
  predictions: Float32Array<ArrayBuffer>,
  targets: Float32Array<ArrayBuffer>,
): Promise<number[][]> {
  const { n, patches, masked, width } = sizes;
  const inputs = [
    input("predictions", [n, masked, width]),
    input("targets", [n, patches, width]),
  ] as const;
  const losses = NORMALIZERS.map((normalizer) =>
    lossOf(sizes, locations, ...inputs, {
      candidates: "all",
      ...printed,
      normalizer,
    })
  );
  await poison(device);
  const program = await Program.compile(device, {
    outputs: losses.flatMap(({ loss, metrics }) => [
      loss,
      metrics.positiveSimilarity,
      metrics.negativeSimilarity,
    ]),
  });
  const values = await program.evaluate({ predictions, targets });
  program.destroy();
  const numbers = values.map(([value]) => value);
  return NORMALIZERS.map(() => numbers.splice(0, 3));
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

testOnDevices("maskedPatchLoss: agrees with NumPy", async (device) => {
  for (const fixture of readFixture<LossFixture[]>("masked_patch_loss")) {
    const { views, positiveSimilarity, negativeSimilarity } = fixture;
    const [n, masked, width] = fixture.predictions.shape;
    const patches = fixture.targets.shape[1];
    const values = await evaluate(
      device,
      { n, masked, width, patches, views },
      Int32Array.from(fixture.locations.data),
      Float32Array.from(fixture.predictions.data),
      Float32Array.from(fixture.targets.data),
    );
    NORMALIZERS.forEach((normalizer, i) =>
      assertClose(
        values[i],
        [fixture[normalizer], positiveSimilarity, negativeSimilarity],
        `${views} views, ${normalizer}`,
        // a mean of a hundred logarithms in float32
        2e-6,
      )
    );
  }
});

testOnDevices(
  "maskedPatchLoss: is about 2 log 2 for unrelated vectors, balanced",
  async (device) => {
    const sizes = { n: 32, patches: 16, masked: 4, width: 128, views: 2 };
    const [[loss]] = await evaluate(
      device,
      sizes,
      randomLocations(sizes),
      unitRows([32 * 4, 128]),
      unitRows([32 * 16, 128]),
    );
    // the mean over 256 positives has a deviation of 0.09 / 16
    assertAlmostEquals(loss, 2 * Math.LN2, 0.04);
  },
);

testOnDevices(
  "maskedPatchLoss: positive pairs are not among the negative ones",
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
    const [balanced] = await evaluate(
      device,
      sizes,
      locations,
      Float32Array.from(predictions.flat()),
      Float32Array.from(targets.flat()),
    );
    // a positive among the negatives would add -log(1e-6) for itself
    assertClose(balanced, [Math.LN2, 1, 0.5], "loss and similarities");
  },
);

Deno.test("maskedPatchLoss: refuses shapes that do not fit each other", () => {
  const compute =
    (targets: number[], locations: number[], views: number) => () =>
      maskedPatchLoss({
        predictions: input("predictions", [4, 2, 5]),
        targets: input("targets", targets),
        locations: input("locations", locations, "i32"),
        views,
      }, { ...printed, candidates: "all" });
  for (
    const [attempt, message] of [
      [
        compute([4, 9, 6], [4, 2], 2),
        "targets must be [4,patches,5], not [4,9,6]",
      ],
      [compute([4, 9, 5], [4, 1], 2), "locations must be [4,2], not [4,1]"],
      [
        compute([4, 9, 5], [4, 2], 3),
        "4 rows are not 3 views of each instance",
      ],
    ] as const
  ) {
    assertThrows(attempt, RangeError, message);
  }
});

Deno.test("maskedPatch.retrieval: says among how many a patch has to be found, and how often it is by chance", () => {
  const step = { images: 8, views: 2 };
  const masks = { patches: 16, masked: 4, isShared: false };
  const find = (candidates: "all" | "masked", isShared: boolean) =>
    maskedPatch.retrieval!(maskedPatch.schema.parse({ candidates }), {
      ...step,
      masks: { ...masks, isShared },
    });
  assertEquals(find("all", false), {
    sentence: "of masked patches were found among the 128 of a batch",
    // the patch of either view
    chance: 2 / 128,
  });
  const sentence =
    "of masked patches were found among the 32 masked ones of a batch";
  assertEquals(find("masked", true), { sentence, chance: 2 / 32 });
  // the other view masks it once in four times
  assertEquals(find("masked", false), { sentence, chance: 1.25 / 32 });
  const options = maskedPatch.schema.parse({});
  assertEquals(maskedPatch.retrieval!(options, step), undefined);
});
