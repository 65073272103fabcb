import { assert, assertEquals, assertRejects } from "@std/assert";
import { computeFeatures } from "../../../train/evaluate/compute_features.ts";
import { examine } from "../../../train/report/examine.ts";
import { assertClose } from "../../engine/compare.ts";
import { testOnDevices, testOnWasm } from "../../engine/devices.ts";
import { configs, randomSplits, withRun } from "./runs.ts";

const count = 11;

for (const [name, config] of Object.entries(configs)) {
  // the largest one stands for all on WebGPU
  (name === "full" ? testOnDevices : testOnWasm)(
    `examine: sees pictures of ${name} as evaluation does, and masks some patches of each`,
    (device) =>
      withRun(device, config, async ({ loaded }) => {
        const splits = randomSplits(count);
        const options = { images: 50 };
        const examined = await examine(device, loaded, splits, options);
        const positions = Uint32Array.from({ length: count }, (_, i) => i);
        const images = { dataset: splits.test, positions };
        const { features } = await computeFeatures(device, loaded, images, {
          batchSize: count,
        });
        assertEquals(examined.features.width, features.width);
        assertClose(
          examined.features.values,
          features.values,
          "features",
          1e-5,
        );
        const bytes = await splits.test.read(positions);
        const area = 32 ** 2;
        for (const [i, { size, pixels }] of examined.pictures.entries()) {
          assertEquals(size, 32);
          const planes = bytes.subarray(3 * i * area, 3 * (i + 1) * area);
          const interleaved = planes.map((_, j) =>
            planes[(j % 3) * area + Math.floor(j / 3)]
          );
          const largest = pixels.reduce(
            (largest, value, j) =>
              Math.max(largest, Math.abs(value - interleaved[j])),
            0,
          );
          assertEquals(largest, 0);
        }
        assertEquals(
          examined.labels,
          examined.pictures.map((_, i) => ["cat", "dog", "<u>bird</u>"][i % 3]),
        );
        const { masked } = examined;
        if (name === "allp") return assertEquals(masked, undefined);
        assert(masked);
        const asked = name === "selfie" ? 2 : 1;
        assertEquals(masked.among, name === "selfie" ? "masked" : "all");
        for (const own of masked.locations) {
          assertEquals(new Set(own).size, asked);
          assert(own.every((location) => location >= 0 && location < 4));
        }
        const { width, predictions, candidates } = masked;
        assertEquals(predictions.length, count * asked * width);
        const each = name === "selfie" ? asked : 4;
        assertEquals(candidates.length, count * each * width);
        // nothing is left to chance but the masks, which have a fixed key
        const again = await examine(device, loaded, splits, options);
        assertEquals(again.masked, masked);
      }),
  );
}

testOnWasm(
  "examine: has no predictions of masked patches where their loss has no weight",
  (device) =>
    withRun(device, configs.full, async ({ loaded }) => {
      const { losses } = loaded.config;
      const maskedPatch = { ...losses.maskedPatch, weight: 0 };
      const config = { ...loaded.config, losses: { ...losses, maskedPatch } };
      const run = { ...loaded, config };
      const splits = randomSplits(count);
      const { masked } = await examine(device, run, splits, { images: 2 });
      assertEquals(masked, undefined);
    }),
);

testOnWasm(
  "examine: takes the given number of images and no more, of those without labels where there are no others, and stops when asked",
  (device) =>
    withRun(device, configs.selfie, async ({ loaded }) => {
      const { test, unlabelled } = randomSplits(count);
      const done: number[] = [];
      const few = await examine(device, loaded, { test, unlabelled }, {
        images: 9,
        onProgress: (images) => done.push(images),
      });
      assertEquals([few.pictures.length, few.labels?.length], [9, 9]);
      // a training batch at a time
      assertEquals(done, [8, 9]);
      const others = await examine(device, loaded, { unlabelled }, {
        images: 9,
      });
      assertEquals([others.pictures.length, others.labels], [3, undefined]);
      await assertRejects(
        () =>
          examine(device, loaded, { unlabelled }, {
            images: 9,
            signal: AbortSignal.abort(new Error("enough")),
          }),
        Error,
        "enough",
      );
    }),
);
