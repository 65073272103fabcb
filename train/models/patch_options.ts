import { z } from "zod";
import { AttentionExchange } from "../../layers/attention_exchange.ts";
import type { Encoder } from "../../layers/encoder.ts";
import type { LinearInitialization } from "../../layers/parameter.ts";
import { PatchNetwork } from "../../layers/patch_network.ts";
import type { HeadKind } from "../../layers/projection.ts";
import type { TransformerOptions } from "../../layers/transformer.ts";

/** Sizes of a transformer, except the width, which follows from its input. */
export type TransformerSizes = Pick<
  TransformerOptions,
  "layers" | "heads" | "feedForward"
>;

/** Settings of the attention exchange between patches (section 3.4). */
export interface ExchangeOptions extends TransformerSizes {
  /** The stages after which patches exchange information; `res2`, `res3` and `res4` by default. */
  readonly after: readonly ("res2" | "res3" | "res4")[];
  /** Features of a token, 512 by default; `heads` divides it. */
  readonly width: number;
}

/** Settings that all models of patches share; the defaults are the paper's (section 4.1). */
export interface PatchOptions {
  /** Patches along each side of an image, at least 2; M is its square. 4 by default. */
  readonly grid: number;
  /** The attention exchange between the stages of the encoder; `null`, the default, is none. */
  readonly exchange: ExchangeOptions | null;
  /**
   * The transformer over the representations of the patches, as wide as they are; by default 3
   * layers, 32 heads and 640 features in the feed-forward part.
   */
  readonly transformer: TransformerSizes;
  /** Dropout rate of pooled features and in transformers, 0 to 0.9; 0.1 by default. */
  readonly dropout: number;
  /**
   * How the weights of linear layers in transformers, exchange and heads start: `small`, the default,
   * with the paper's standard deviation of 1e-3, or `fanIn`, with `1 / sqrt(inputs)`. The first steps
   * of Adam are as large as the paper's weights and overrun them. On CIFAR-10 a linear classifier on I
   * and Î reached 44.2 % by fan-in for 39.2 %, but one on the patches 42.6 % for 45.3 % (300 steps of
   * 128, three seeds, docs/results.md).
   */
  readonly initialization: LinearInitialization;
}

/** Settings of the space in which similarities are computed. */
export interface ProjectionOptions {
  /** Its dimensions, at least 1; 128 by default. */
  readonly projection: number;
  /**
   * What projects to it: the paper's `linear` layer, the default, that and `batchNorm`, or an `mlp`
   * with a hidden layer.
   */
  readonly head: HeadKind;
}

/** The entries for {@linkcode ProjectionOptions} in the schema of a model. */
export const projectionOptions = {
  projection: z.int().min(1).default(128),
  head: z.enum(["linear", "batchNorm", "mlp"]).default("linear"),
};

const transformerSizes = {
  layers: z.int().min(1).default(3),
  heads: z.int().min(1).default(32),
  feedForward: z.int().min(1).default(640),
};

/** The entries for {@linkcode PatchOptions} in the schema of a model of patches. */
export const patchOptions = {
  grid: z.int().min(2).default(4),
  exchange: z.strictObject({
    after: z.array(z.enum(["res2", "res3", "res4"])).min(1).default(
      ["res2", "res3", "res4"],
    ),
    width: z.int().min(1).default(512),
    ...transformerSizes,
  }).nullable().default(null),
  transformer: z.strictObject(transformerSizes).prefault({}),
  dropout: z.number().min(0).max(0.9).default(0.1),
  initialization: z.enum(["small", "fanIn"]).default("small"),
};

/** Accepts Q, how many patches of each image are masked. */
export const maskedOption: z.ZodType<number> = z.int().min(1).default(4);

/**
 * The patch path of a model, for images of `imageSize` pixels.
 *
 * @throws {RangeError} if the grid or the heads do not fit.
 */
export function createPatchNetwork(
  { grid, exchange, transformer, dropout, initialization }: PatchOptions,
  encoder: Encoder,
  imageSize: number,
): PatchNetwork {
  if (imageSize % grid !== 0) {
    throw new RangeError(
      `model.grid ${grid} does not divide images of ${imageSize} pixels`,
    );
  }
  const width = encoder.channels[encoder.patchStages];
  if (width % transformer.heads !== 0) {
    throw new RangeError(
      `model.transformer.heads ${transformer.heads} does not divide the ${width} features of a patch`,
    );
  }
  if (exchange && exchange.width % exchange.heads !== 0) {
    throw new RangeError(
      `model.exchange.heads ${exchange.heads} does not divide model.exchange.width ${exchange.width}`,
    );
  }
  const exchanges = Array.from(
    { length: encoder.patchStages },
    (_, stage) =>
      exchange?.after.some((name) => name === `res${stage + 2}`)
        ? new AttentionExchange(encoder.channels[stage + 1], grid ** 2, {
          ...exchange,
          dropout,
          initialization,
        })
        : undefined,
  );
  return new PatchNetwork(encoder, grid, dropout, exchanges);
}

/** @throws {RangeError} if no patch would be left to see. */
export function checkMasked(masked: number, { grid }: PatchOptions): void {
  if (masked < grid ** 2) return;
  throw new RangeError(
    `model.masked ${masked} must be below the ${grid ** 2} patches of the grid`,
  );
}
