import {
  assert,
  assertEquals,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import type { DatasetSplits } from "../../../datasets/dataset.ts";
import { MemoryImages } from "../../../datasets/memory_images.ts";
import { UserError } from "../../../engine/user_error.ts";
import { finetuneImages } from "../../../train/finetune/finetune_images.ts";

/** What is said of labelled images of a run that are all to learn from. */
const NO_TEST_IMAGES =
  "the images of run have labels, but there are none to test with; add some (in a folder test/ or " +
  "a second picture of each class, in a known data set the files it lacks) and start a new run";

/** Images of one pixel with classes of these sizes, mixed. */
function images(sizes: readonly number[]): MemoryImages {
  const sorted = sizes.flatMap((size, label) => Array(size).fill(label));
  const labels = Uint32Array.from(
    sorted,
    (_, i) => sorted[(i * 37) % sorted.length],
  );
  return new MemoryImages(new Uint8Array(3 * labels.length), 1, labels);
}

const SIZES = [200, 100, 300];
const train = images(SIZES);
const test = images([4, 4, 4]);
const splits: DatasetSplits = { unlabelled: train, train, test };

function countsOf(labels: Uint32Array): number[] {
  return SIZES.map((_, label) => labels.filter((l) => l === label).length);
}

Deno.test("finetuneImages: a tenth of every class is held out, and the test images are all there", () => {
  const all = finetuneImages(splits, { labels: 1, seed: 3 }, "run");
  assertEquals(all.classes, 3);
  assertEquals(countsOf(all.heldOut.labels), [20, 10, 30]);
  assertEquals(countsOf(all.fitting.labels), [180, 90, 270]);
  const positions = [...all.fitting.positions, ...all.heldOut.positions];
  assertEquals(positions.sort((a, b) => a - b), [...Array(600).keys()]);
  assertEquals([...all.test.positions], [...Array(12).keys()]);
  for (const { dataset, positions, labels } of [all.fitting, all.heldOut]) {
    assertEquals(dataset, train);
    assertEquals(
      labels,
      Uint32Array.from(positions, (position) => train.labels![position]),
    );
  }
});

Deno.test("finetuneImages: a share of the labels is stratified, and which images it is follows from the seed", () => {
  const tenth = (seed: number) =>
    finetuneImages(splits, { labels: 0.1, seed }, "run");
  const { fitting, heldOut, classes } = tenth(3);
  assertEquals(classes, 3);
  assertEquals(countsOf(heldOut.labels), [2, 1, 3]);
  assertEquals(countsOf(fitting.labels), [18, 9, 27]);
  const { labels } = train;
  for (const part of [fitting, heldOut]) {
    part.positions.forEach((position, i) =>
      assertEquals(part.labels[i], labels![position])
    );
  }
  assertEquals(
    fitting.positions.filter((position) => heldOut.positions.includes(position))
      .length,
    0,
  );
  assertEquals(tenth(3), tenth(3));
  const used = (seed: number) => {
    const { fitting, heldOut } = tenth(seed);
    return [...fitting.positions, ...heldOut.positions].sort();
  };
  assertNotEquals(used(4), used(3));
});

Deno.test("finetuneImages: which images are held out of all follows from the seed", () => {
  const heldOut = (seed: number) =>
    finetuneImages(splits, { labels: 1, seed }, "run").heldOut.positions;
  assertEquals(heldOut(3), heldOut(3));
  assertNotEquals(heldOut(4), heldOut(3));
});

Deno.test("finetuneImages: what the test images show changes no other part", () => {
  const poisoned = { ...splits, test: images([0, 0, 0, 0, 9]) };
  const settings = { labels: 0.5, seed: 1 };
  const { test: _, ...others } = finetuneImages(splits, settings, "run");
  const { test: __, ...same } = finetuneImages(poisoned, settings, "run");
  assertEquals(same, others);
});

Deno.test("finetuneImages: refuses images without labels, and too few", () => {
  const unlabelled = new MemoryImages(new Uint8Array(6), 1);
  const none = new MemoryImages(new Uint8Array(), 1, new Uint32Array());
  for (
    const wrong of [
      { unlabelled },
      { unlabelled, test },
      { unlabelled, train: unlabelled, test },
    ]
  ) {
    const error = assertThrows(
      () => finetuneImages(wrong, { labels: 1, seed: 0 }, "run"),
      UserError,
    );
    assertEquals(
      error.message,
      "the images of run have no labels to learn from; finetune a run on labelled ones",
    );
  }
  for (
    const untested of [{ unlabelled, train }, { unlabelled, train, test: none }]
  ) {
    const error = assertThrows(
      () => finetuneImages(untested, { labels: 1, seed: 0 }, "run"),
      UserError,
    );
    assertEquals(error.message, NO_TEST_IMAGES);
  }
  for (const [size, labels, left] of [[1, 1, 1], [1, 0.5, 1], [10, 0.1, 1]]) {
    const few = { unlabelled, train: images([size]), test };
    const error = assertThrows(
      () => finetuneImages(few, { labels, seed: 0 }, "run"),
      UserError,
    );
    assert(
      error.message.startsWith(
        `labels ${labels} leaves ${left} of ${size} training images`,
      ),
      error.message,
    );
  }
});
