import type { z } from "zod";
import type { Tensor } from "../../engine/graph/tensor.ts";
import type { Context } from "../../layers/context.ts";
import type { Encoder, EncoderInput, MapLayer } from "../../layers/encoder.ts";
import type { PretextOutputs } from "../../losses/outputs.ts";
import type { MaskSizes } from "../../losses/term.ts";
import type { VocabularyOptions } from "../../vocab/registry.ts";
import type { Vocabulary } from "../../vocab/vocabulary.ts";

/** A pretext task around the encoder that it trains; its properties hold its parameters and states. */
export interface PretextModel {
  /** The network that is pretrained. */
  readonly encoder: Encoder;
  /** Ends the path of whole images through all stages of the encoder, before they are pooled. */
  readonly imageNorm: MapLayer;
  /** Dropout rate of pooled features, 0 to 0.9; that of a classifier on top. */
  readonly dropout: number;
  /** Remembers patches of earlier batches; absent where nothing does. */
  readonly patchVocabulary?: Vocabulary;
  /**
   * One training pass.
   *
   * @param images `[n, height, width, 3]`, normalised; the views of an instance are consecutive
   * @param views D, the number of transformed views of each instance
   * @throws {UserError} if the task needs more views.
   */
  forward(images: Tensor, views: number, context: Context): PretextOutputs;
  /**
   * Features of images, for evaluation.
   *
   * @param images `[n, height, width, 3]`, normalised
   * @returns `[n, features]`
   */
  features(images: Tensor, context: Context): Tensor;
  /**
   * Everything that can be read off the encoder in one pass, to compare layers by: the maps of its
   * stages and what the task makes of them. `features` is one entry of it.
   *
   * @param images `[n, height, width, 3]`, normalised
   * @returns `[n, features]` for each name
   */
  representations(images: Tensor, context: Context): Representations;
  /**
   * What patches, all of them visible, say about the whole image; absent where that is not learned.
   *
   * @param images `[n, height, width, 3]`, normalised
   * @returns `[n, features]`
   */
  readonly predictImage?: (images: Tensor, context: Context) => Tensor;
}

/** `[n, features]` by name, in the order in which tables list them. */
export type Representations = Readonly<Record<string, Tensor>>;

/** What a model is made for. */
export interface PretextSetting {
  /** The network that is pretrained. */
  readonly encoder: Encoder;
  /** Height and width of the images in pixels. */
  readonly imageSize: number;
  /** Seed of the initial values of states; those of parameters follow when they are packed. */
  readonly seed: number;
}

/** What a task gives the terms of the loss to compare. */
export interface Compared {
  /** Dimensions of the vectors that are compared; absent where they are not projected. */
  readonly width?: number;
  /** Masks of patches; absent where there are none. */
  readonly masks?: MaskSizes;
  /** What remembers vectors of earlier batches; absent or `null` where nothing does. */
  readonly vocabulary?: VocabularyOptions | null;
}

/** A kind of pretext model, as its file exports it. */
export interface PretextKind<Options> {
  /**
   * Accepts its options, whose `name` is the name in the registry.
   *
   * @internal
   */
  readonly schema: z.ZodType<Options>;
  /** Names it to people, with what is turned on of its adaptations. */
  describe(options: Options): string;
  /** What its encoder must be able to take. */
  encoderInput(options: Options): EncoderInput;
  /** What the terms of the loss compare, for what is said about their numbers. */
  compared(options: Options): Compared;
  /**
   * The task around an encoder.
   *
   * @throws {RangeError} if the options do not fit each other, the encoder or the images.
   */
  create(options: Options, setting: PretextSetting): PretextModel;
}
