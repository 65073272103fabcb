import type { DatasetSplits, ImageDataset } from "../../datasets/dataset.ts";
import { UserError } from "../../engine/user_error.ts";
import { HELD_OUT } from "../evaluate/linear_probe.ts";
import type { LabelledImages } from "../evaluate/probe.ts";
import { requireTestImages } from "../evaluate/require_test_images.ts";
import { drawShare, holdOut } from "../evaluate/splits.ts";
import type { FinetuneConfig } from "./finetune_config.ts";

/** The parts of the labelled images. */
export interface FinetuneImages {
  /** To fit to. */
  readonly fitting: LabelledImages;
  /** To choose the step by: a tenth of the training images, as in the paper (section 4.1). */
  readonly heldOut: LabelledImages;
  /** To be classified once, at the end. */
  readonly test: LabelledImages;
  /** Number of classes, by the training images. */
  readonly classes: number;
}

/**
 * Splits labelled images, with the same share of every class in each part. Which images it is follows
 * from the seed.
 *
 * @param path Names the run in errors.
 * @throws {UserError} if there are no labels, no images to test with, or too few to learn from.
 */
export function finetuneImages(
  splits: DatasetSplits,
  { labels: share, seed }: Pick<FinetuneConfig, "labels" | "seed">,
  path: string,
): FinetuneImages {
  requireTestImages(splits, path);
  const train = allOf(splits.train);
  const test = allOf(splits.test);
  if (!train || !test) {
    throw new UserError(
      `the images of ${path} have no labels to learn from; finetune a run on labelled ones`,
    );
  }
  const size = train.labels.length;
  const used = share < 1
    ? select(train, drawShare(train.labels, share, seed))
    : train;
  if (used.labels.length < 2) {
    throw new UserError(
      `labels ${share} leaves ${used.labels.length} of ${size} training images, but it takes one to ` +
        "learn from and one to choose the step by; use more",
    );
  }
  const { training, heldOut } = holdOut(used.labels, HELD_OUT, seed);
  return {
    fitting: select(used, training),
    heldOut: select(used, heldOut),
    test,
    classes: 1 + train.labels.reduce((most, label) => Math.max(most, label), 0),
  };
}

/** All images of a data set; `undefined` where there are none with labels. */
function allOf(dataset: ImageDataset | undefined): LabelledImages | undefined {
  const labels = dataset?.labels;
  return dataset && labels && labels.length > 0
    ? { dataset, labels, positions: Uint32Array.from(labels.keys()) }
    : undefined;
}

function select(
  { dataset, positions, labels }: LabelledImages,
  indices: Uint32Array,
): LabelledImages {
  return {
    dataset,
    positions: indices.map((index) => positions[index]),
    labels: Uint32Array.from(indices, (index) => labels[index]),
  };
}
