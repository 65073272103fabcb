import type { z } from "zod";
import type { Tensor } from "../engine/graph/tensor.ts";
import type { Context } from "./context.ts";

/** A layer on feature maps. */
export interface MapLayer {
  /** `[n, height, width, channels]` -> the same shape */
  forward(x: Tensor, context: Context): Tensor;
}

/**
 * The network that is pretrained: a stem and stages, which consumers apply one at a time, to do
 * something between them or to look at their maps. The paper and the configs count the stem as
 * `res1` and the stages as `res2`, `res3`, ...
 */
export interface Encoder {
  /** Channels of the stem's map and of each stage's: one entry more than there are stages. */
  readonly channels: readonly number[];
  /** Number of stages, all of which whole images pass through. */
  readonly stages: number;
  /** Number of stages, counted from the first, that patches pass through. */
  readonly patchStages: number;
  /** `[n, height, width, 3]` -> `[n, height', width', channels[0]]` */
  forwardStem(images: Tensor, context: Context): Tensor;
  /** Applies stage `stage`, from 0: `[n, h, w, channels[stage]]` -> `[n, h', w', channels[stage + 1]]` */
  forwardStage(stage: number, x: Tensor, context: Context): Tensor;
  /** A new layer for the last maps of a path through the encoder, of `channels`, before they are pooled. */
  createOutput(channels: number): MapLayer;
}

/** What will pass through an encoder, which has only the stages that this needs. */
export type EncoderInput = "patches" | "images";

/** A kind of encoder, as its file exports it. */
export interface EncoderKind<Options> {
  /**
   * Accepts its options, whose `name` is the name in the registry.
   *
   * @internal
   */
  readonly schema: z.ZodType<Options>;
  /** Names it to people, such as "ResNet-50 of width 1". */
  describe(options: Options): string;
  /** An encoder for whole images, or with the stages for patches alone. */
  create(options: Options, input: EncoderInput): Encoder;
}
