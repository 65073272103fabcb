import { z } from "zod";
import { add, index, multiply } from "../../engine/ops/elementwise.ts";
import { gather } from "../../engine/ops/indexing.ts";
import { concatenate, reshape, slice } from "../../engine/ops/movement.ts";
import { unitLength } from "../../engine/ops/normalization.ts";
import { mean } from "../../engine/ops/reduction.ts";
import type { Tensor } from "../../engine/tensor.ts";
import type { Context } from "../../layers/context.ts";
import { Linear } from "../../layers/linear.ts";
import { drawMasks } from "../../layers/masks.ts";
import { Parameter } from "../../layers/module.ts";
import { PATCH_GROUPS, PatchNetwork } from "../../layers/patch_network.ts";
import type { Encoder } from "../../layers/encoder.ts";
import {
  Transformer,
  type TransformerOptions,
} from "../../layers/transformer.ts";
import type { PretextOutputs } from "../../losses/term.ts";
import type { PretextModel } from "./pretext_model.ts";

/** Settings of masked patch prediction; the defaults are the paper's (section 4.1). */
export interface MaskedPatchPredictionOptions {
  /** Tells the pretext models apart. */
  readonly name: "maskedPatchPrediction";
  /** Patches along each side of an image, at least 2; M is its square. 4 by default. */
  readonly grid: number;
  /** Q, how many patches of each image are masked, 1 to M - 1; 4 by default. */
  readonly masked: number;
  /**
   * The transformer h of Eq. 14, as wide as the representation of a patch; by default 3 layers, 32
   * heads and 640 features.
   */
  readonly transformer: Pick<
    TransformerOptions,
    "layers" | "heads" | "feedForward"
  >;
  /** Dimensions of the space in which similarities are computed, at least 1; 128 by default. */
  readonly projection: number;
  /** Probability of dropping a value, 0 to 0.9: of pooled features and in the transformer. 0.1 by default. */
  readonly dropout: number;
}

/**
 * Accepts {@linkcode MaskedPatchPredictionOptions}.
 *
 * @internal
 */
export const schema: z.ZodType<MaskedPatchPredictionOptions> = z.strictObject({
  name: z.literal("maskedPatchPrediction"),
  grid: z.int().min(2).default(4),
  masked: z.int().min(1).default(4),
  transformer: z.strictObject({
    layers: z.int().min(1).default(3),
    heads: z.int().min(1).default(32),
    feedForward: z.int().min(1).default(640),
  }).prefault({}),
  projection: z.int().min(1).default(128),
  dropout: z.number().min(0).max(0.9).default(0.1),
});

/** Groups of the encoder that the task uses. */
export const groups = PATCH_GROUPS;

/**
 * The task around an encoder, for images of `size` pixels.
 *
 * @throws {RangeError} if the grid, the masked patches or the heads do not fit.
 */
export function create(
  options: MaskedPatchPredictionOptions,
  encoder: Encoder,
  size: number,
): PretextModel {
  const { grid, masked, transformer } = options;
  const width = encoder.channels[PATCH_GROUPS];
  if (size % grid !== 0) {
    throw new RangeError(
      `model.grid ${grid} does not divide images of ${size} pixels`,
    );
  }
  if (masked >= grid * grid) {
    throw new RangeError(
      `model.masked ${masked} must be below the ${
        grid * grid
      } patches of the grid`,
    );
  }
  if (width % transformer.heads !== 0) {
    throw new RangeError(
      `model.transformer.heads ${transformer.heads} does not divide the ${width} features of a patch`,
    );
  }
  return new MaskedPatchPrediction(encoder, options);
}

/** How position embeddings start, as is usual for transformers. */
const EMBEDDING_DEVIATION = 0.02;

/** The paper's baseline (section 3.3): predict the representations of masked patches from the visible ones. */
export class MaskedPatchPrediction implements PretextModel {
  /** Makes representations of patches. */
  readonly patchNetwork: PatchNetwork;
  /** E of Eq. 14: `[patches, width]`. */
  readonly positions: Parameter;
  /** h of Eq. 14. */
  readonly transformer: Transformer;
  /** To the space of `|x, y|`, for patches and their predictions alike. */
  readonly patchHead: Linear;

  /** The task around an encoder of at least three groups. */
  constructor(
    /** The network that is pretrained. */
    readonly encoder: Encoder,
    /** Grid, masks and sizes. */
    readonly options: MaskedPatchPredictionOptions,
  ) {
    const { grid, transformer, projection, dropout } = options;
    this.patchNetwork = new PatchNetwork(encoder, grid, dropout);
    const { width } = this.patchNetwork;
    this.positions = new Parameter([grid * grid, width], {
      deviation: EMBEDDING_DEVIATION,
    });
    this.transformer = new Transformer({ ...transformer, width, dropout });
    this.patchHead = new Linear(width, projection);
  }

  /**
   * Predicts the masked patches from the visible ones.
   *
   * @param images `[n, height, width, 3]`, normalised; the views of an instance in a row
   * @param views D, the number of transformed views of each instance
   */
  forward(images: Tensor, views: number, context: Context): PretextOutputs {
    const [n] = images.shape;
    const { grid, masked } = this.options;
    const patches = grid * grid;
    const { visible, locations } = drawMasks(
      n,
      patches,
      masked,
      context.random,
    );
    // P: [n, patches, width]
    const P = this.patchNetwork.forward(images, context);
    // Eq. 14: P̂ = h(v P + E)
    const tokens = add(
      multiply(reshape(visible, [n, patches, 1]), P),
      this.positions.tensor,
    );
    const contextual = this.transformer.forward(tokens, context, visible);
    // [n, patches, width] -> [n * masked, width]: the outputs at masked positions
    const rows = add(multiply(index([n, masked], 0), patches), locations);
    const predictions = gather(
      reshape(contextual, [n * patches, -1]),
      reshape(rows, [n * masked]),
    );
    return {
      maskedPatches: {
        predictions: reshape(this.#project(predictions), [n, masked, -1]),
        targets: this.#project(P),
        locations,
        views,
      },
    };
  }

  /** `[..., width]` -> `[..., projection]`, of unit length */
  #project(x: Tensor): Tensor {
    return unitLength(this.patchHead.forward(x));
  }

  /** The representations of the patches, averaged in each quarter of the image: `[n, 4 * width]` */
  represent(images: Tensor, context: Context): Tensor {
    const P = this.patchNetwork.forward(images, context);
    return quarters(P, this.options.grid);
  }
}

/** Rows and columns of patches on either side of the middle; the middle ones of an odd grid are on both. */
function quarters(P: Tensor, grid: number): Tensor {
  const [n, , width] = P.shape;
  const half = Math.ceil(grid / 2);
  const cells = reshape(P, [n, grid, grid, width]);
  const corners = [[0, 0], [0, grid - half], [grid - half, 0], [
    grid - half,
    grid - half,
  ]];
  return concatenate(
    corners.map(([top, left]) =>
      mean(slice(cells, [0, top, left, 0], [n, half, half, width]), {
        axes: [1, 2],
      })
    ),
    1,
  );
}
