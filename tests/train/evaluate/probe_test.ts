import { assertEquals } from "@std/assert";
import { MemoryImages } from "../../../datasets/memory_images.ts";
import { buildModel } from "../../../train/build_model.ts";
import { computeFeatures } from "../../../train/evaluate/compute_features.ts";
import { nearestNeighbourAccuracy } from "../../../train/evaluate/knn.ts";
import { linearProbe } from "../../../train/evaluate/linear_probe.ts";
import {
  type LabelledImages,
  probeEncoder,
  probeImages,
} from "../../../train/evaluate/probe.ts";
import { devices } from "../../engine/devices.ts";
import { IMAGE_SIZE, tinyConfig, tinyImages } from "../tiny_model.ts";

// the parts are tested on every device
const [wasm] = devices;

function images(size: number, labels?: Uint32Array): MemoryImages {
  return new MemoryImages(new Uint8Array(size * 3), 1, labels);
}

const labels = Uint32Array.from({ length: 50 }, (_, i) => i);
const all = { train: Infinity, test: Infinity };

Deno.test("probeImages: takes at most the given number of images of each part, with their labels", () => {
  const dataset = images(50, labels);
  const splits = { unlabelled: dataset, train: dataset, test: dataset };
  const few = probeImages(splits, { train: 20, test: 7 })!;
  assertEquals([few.train.labels.length, few.test.labels.length], [20, 7]);
  for (const { positions, labels } of [few.train, few.test]) {
    assertEquals([...labels], [...positions]);
  }
  assertEquals(few, probeImages(splits, { train: 20, test: 7 }));
  assertEquals(probeImages(splits, all)?.test.labels, labels);
});

Deno.test("probeImages: there are none without labels, or with one image to fit to", () => {
  const dataset = images(50, labels);
  const unlabelled = images(50);
  for (
    const parts of [
      {},
      { train: dataset },
      { test: dataset },
      { train: unlabelled, test: dataset },
      { train: dataset, test: unlabelled },
      { train: images(1, Uint32Array.of(3)), test: dataset },
    ]
  ) assertEquals(probeImages({ unlabelled, ...parts }, all), undefined);
});

Deno.test("probeEncoder: measures each layer by its features of both parts, with the settings of the run", async () => {
  const dataset = tinyImages();
  const part = (start: number, end: number): LabelledImages => ({
    dataset,
    positions: Uint32Array.from({ length: end - start }, (_, i) => start + i),
    labels: Uint32Array.from({ length: end - start }, (_, i) => i % 3),
  });
  const images = { train: part(0, 16), test: part(16, 24) };
  const evaluation = { neighbours: 2, bank: 12, queries: 6, batchSize: 5 };
  const config = tinyConfig({ evaluation });
  const built = buildModel(config, IMAGE_SIZE);
  const progress: number[] = [];
  const results = await probeEncoder(wasm, built, images, config, {
    encoder: "trained",
    onProgress: (done) => progress.push(done),
  });
  assertEquals(progress, [5, 10, 15, 16, 21, 24, 1, 2, 3, 4, 5]);
  const train = await computeFeatures(wasm, built, images.train, evaluation);
  const test = await computeFeatures(wasm, built, images.test, evaluation);
  assertEquals(Object.keys(results), Object.keys(train));
  for (
    const [layer, { width, linear, neighbours }] of Object.entries(results)
  ) {
    const fitted = { ...train[layer], labels: images.train.labels };
    const classified = { ...test[layer], labels: images.test.labels };
    assertEquals(width, fitted.width);
    assertEquals(
      linear,
      await linearProbe(wasm, fitted, classified, config.seed),
    );
    assertEquals(
      neighbours,
      await nearestNeighbourAccuracy(wasm, fitted, classified, evaluation),
    );
  }
});
