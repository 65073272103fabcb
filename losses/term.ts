import type { z } from "zod";
import type { Communicator } from "../engine/communicator.ts";
import type { Tensor } from "../engine/graph/tensor.ts";

/** Settings that every loss term has. */
export interface Weighted {
  /** Factor of the term in the total loss, at least 0; 0 leaves the term out. */
  readonly weight: number;
}

/** A loss with the numbers to show beside it. */
export interface LossValue {
  /** The loss before it is weighted, one element. */
  readonly loss: Tensor;
  /** Further numbers by name, one element each; no gradient flows through them. */
  readonly metrics: Readonly<Record<string, Tensor>>;
}

/** How a task masks the patches of images. */
export interface MaskSizes {
  /** M, the patches of an image. */
  readonly patches: number;
  /** Q, how many of them are masked. */
  readonly masked: number;
  /** Whether all views of an instance have the same patches masked. */
  readonly isShared: boolean;
}

/** How much there is to compare in a step. */
export interface StepSizes {
  /** N, the images, all views counted. */
  readonly images: number;
  /** D, the views of each instance. */
  readonly views: number;
  /** The masks; absent where the task has none. */
  readonly masks?: MaskSizes;
  /** S, the entries of the vocabulary; absent where there is none. */
  readonly entries?: number;
}

/** What is looked for among candidates, and how often a random choice finds it. */
export interface RetrievalTask {
  /** For a sentence: how often the right one of so many was found. */
  readonly sentence: string;
  /** The share that a random choice would find. */
  readonly chance: number;
}

/** Predictions of masked patches, and the patches that they are to be found among. */
export interface PatchPredictions {
  /** `[n, masked, width]` */
  readonly predictions: Tensor;
  /** All patches of the images, `[n, patches, width]`, or the masked ones, `[n, masked, width]`. */
  readonly candidates: Tensor;
  /** Where the masked patches are in their images: `[n, masked]`, i32. */
  readonly locations: Tensor;
}

/** A loss term, as its file exports it. */
export interface LossTerm<Output, Options extends Weighted> {
  /** Names it to people, with its symbol in the paper where it has one. */
  readonly title: string;
  /** What it compares. */
  readonly subject: "patches" | "images";
  /**
   * Accepts its options.
   *
   * @internal
   */
  readonly schema: z.ZodType<Options>;
  /** The settings that give a model the output that the term needs, for messages. */
  readonly needs: string;
  /**
   * The loss of what a model outputs under the term's name.
   *
   * @param communicator the processes whose targets are compared with; this one alone by default
   */
  compute(
    output: Output,
    options: Options,
    communicator?: Communicator,
  ): LossValue;
  /** What its metric `retrieval` counts; absent where it has none, `undefined` where that is not known. */
  retrieval?(options: Options, sizes: StepSizes): RetrievalTask | undefined;
  /** The predicted patches in what it takes, to show to people; absent where it takes none. */
  patchPredictions?(output: Output): PatchPredictions;
}
