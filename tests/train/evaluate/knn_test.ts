import { assert, assertEquals } from "@std/assert";
import type { Augmentation } from "../../../datasets/augmentation/augmentation.ts";
import { MemoryImages } from "../../../datasets/memory_images.ts";
import { cast } from "../../../engine/ops/elementwise.ts";
import { reshape } from "../../../engine/ops/movement.ts";
import {
  nearestNeighbourAccuracy,
  type NeighbourOptions,
  vote,
} from "../../../train/evaluate/knn.ts";
import type { PretextModel } from "../../../train/models/pretext_model.ts";
import { testOnDevices } from "../../engine/devices.ts";
import { randomArray, withSeed } from "../../random.ts";

const IMAGE_SIZE = 2;
const WIDTH = 3 * IMAGE_SIZE * IMAGE_SIZE;

function neverTrains(): never {
  throw new Error("evaluation does not train");
}

/** Hands over the bytes as numbers, so that features are pixels. */
const plain: Augmentation = {
  size: IMAGE_SIZE,
  train: neverTrains,
  // [n, 3, size, size] u8 -> [n, size, size, 3] f32; which number is which does not matter here
  evaluate: (images) =>
    reshape(cast(images, "f32"), [
      images.shape[0],
      IMAGE_SIZE,
      IMAGE_SIZE,
      3,
    ]),
};

const pixels: PretextModel = {
  forward: neverTrains,
  features: (images) => reshape(images, [images.shape[0], WIDTH]),
};

/** Images whose class shows in one pixel, dimly; every third is the same as the one before. */
function labelledImages(size: number): MemoryImages {
  const labels = Uint8Array.from(
    randomArray(size, 0, 5),
    (value) => Math.floor(value),
  );
  const bytes = Uint8Array.from(randomArray(size * WIDTH, 1, 200), Math.floor);
  for (let i = 0; i < size; i++) {
    bytes[i * WIDTH + labels[i]] += 50;
    if (i % 3 === 2) bytes.copyWithin(i * WIDTH, (i - 1) * WIDTH, i * WIDTH);
  }
  return new MemoryImages(bytes, IMAGE_SIZE, labels);
}

/** The rows of a set of images in float64, each of length 1. */
async function unitRows(images: MemoryImages): Promise<number[][]> {
  const bytes = await images.read([...Array(images.size).keys()]);
  return Array.from({ length: images.size }, (_, i) => {
    const row = [...bytes.subarray(i * WIDTH, (i + 1) * WIDTH)];
    const length = Math.hypot(...row);
    return row.map((value) => value / length);
  });
}

/** Sorts the whole bank; of equally similar images the first comes first. */
function naiveVote(
  similarities: readonly number[],
  labels: Uint8Array,
  neighbours: number,
): number {
  const nearest = [...similarities.keys()]
    .sort((a, b) => similarities[b] - similarities[a] || a - b)
    .slice(0, neighbours);
  const weights = new Array(256).fill(0);
  for (const i of nearest) {
    weights[labels[i]] += Math.exp(similarities[i] / 0.07);
  }
  return weights.indexOf(Math.max(...weights));
}

async function naiveAccuracy(
  train: MemoryImages,
  test: MemoryImages,
  neighbours: number,
): Promise<number> {
  const bank = await unitRows(train);
  const predicted = (await unitRows(test)).map((query) =>
    naiveVote(
      bank.map((row) => row.reduce((sum, x, i) => sum + x * query[i], 0)),
      train.labels!,
      neighbours,
    )
  );
  return predicted.filter((label, i) => label === test.labels![i]).length /
    test.size;
}

testOnDevices(
  "nearestNeighbourAccuracy: is that of a naive float64 version, ragged last batches and all",
  async (device) => {
    const [train, test] = [labelledImages(47), labelledImages(31)];
    // batches that leave a remainder of both sets; one vote, some, as many as images, and more
    for (
      const [neighbours, batchSize] of [[1, 7], [5, 10], [47, 31], [90, 100]]
    ) {
      const options: NeighbourOptions = {
        neighbours,
        batchSize,
        bank: 1000,
        queries: 1000,
      };
      assertEquals(
        await nearestNeighbourAccuracy(
          device,
          pixels,
          plain,
          { train, test },
          options,
        ),
        {
          accuracy: await naiveAccuracy(train, test, neighbours),
          bank: 47,
          queries: 31,
        },
      );
    }
  },
);

testOnDevices(
  "nearestNeighbourAccuracy: takes no more images than it is told, and none once stopped",
  async (device) => {
    const [train, test] = [labelledImages(20), labelledImages(9)];
    const options = { neighbours: 1, batchSize: 4, bank: 11, queries: 6 };
    const splits = { train, test };
    const result = await nearestNeighbourAccuracy(
      device,
      pixels,
      plain,
      splits,
      options,
    );
    assert(result);
    assertEquals([result.bank, result.queries], [11, 6]);
    assertEquals(
      await nearestNeighbourAccuracy(
        device,
        pixels,
        plain,
        splits,
        options,
        AbortSignal.abort(),
      ),
      undefined,
    );
  },
);

Deno.test("vote: takes exactly as many votes as neighbours, of equals the first", () => {
  const similarities = new Float32Array([0.5, 0.9, 0.5, 0.5, 0.2]);
  // with two neighbours class 1 has the nearest, and class 2 the first of the three equals
  assertEquals(vote(similarities, new Uint8Array([2, 1, 3, 3, 3]), 1), 1);
  assertEquals(vote(similarities, new Uint8Array([2, 1, 2, 2, 2]), 2), 1);
  // three equal votes outweigh nothing: only one of them counts
  const equal = new Float32Array([0.5, 0.5, 0.5]);
  assertEquals(vote(equal, new Uint8Array([4, 3, 3]), 1), 4);
  assertEquals(vote(equal, new Uint8Array([4, 3, 3]), 2), 3);
  assertEquals(vote(equal, new Uint8Array([4, 3, 3]), 3), 3);
});

Deno.test("vote: lets all vote where there are fewer than neighbours", () => {
  const similarities = new Float32Array([0.1, 0.1, 0.11]);
  assertEquals(vote(similarities, new Uint8Array([7, 7, 255]), 20), 7);
});

Deno.test("vote: agrees with sorting the whole bank, ties and all", () =>
  withSeed("vote", () => {
    for (let round = 0; round < 50; round++) {
      const similarities = randomArray(40, -1, 1).map((value) =>
        Math.round(value * 8) / 8
      );
      const labels = Uint8Array.from(
        randomArray(40, 0, 4),
        (value) => Math.floor(value),
      );
      for (const neighbours of [1, 3, 7, 20, 40, 41]) {
        assertEquals(
          vote(similarities, labels, neighbours),
          naiveVote([...similarities], labels, neighbours),
        );
      }
    }
  }));
