import { z } from "zod";
import { add } from "../../engine/ops/elementwise.ts";
import { gather } from "../../engine/ops/indexing.ts";
import { reshape } from "../../engine/ops/movement.ts";
import type { Tensor } from "../../engine/graph/tensor.ts";
import { AttentionPooling } from "../../layers/attention_pooling.ts";
import type { Context } from "../../layers/context.ts";
import type { MapLayer } from "../../layers/encoder.ts";
import { drawMasks } from "../../layers/masks.ts";
import { EMBEDDING_DEVIATION, Parameter } from "../../layers/parameter.ts";
import type { PatchNetwork } from "../../layers/patch_network.ts";
import type { PretextOutputs } from "../../losses/outputs.ts";
import { withAdaptations } from "./adaptations.ts";
import {
  checkMasked,
  createPatchNetwork,
  maskedOption,
  type PatchOptions,
  patchOptions,
} from "./patch_options.ts";
import type {
  PretextKind,
  PretextModel,
  PretextSetting,
  Representations,
} from "./pretext_model.ts";
import { quarters } from "./quarters.ts";
import { representPatches } from "./representations.ts";
import { rowsAt } from "../../layers/rows_at.ts";

/** Settings of Selfie; `transformer` is its attention pooling. */
export interface SelfieOptions extends PatchOptions {
  /** Its name in the registry. */
  readonly name: "selfie";
  /** Q, how many patches of each image are masked, 1 to M - 1; 4 by default. */
  readonly masked: number;
}

/** Selfie, of the paper's section 3.1. */
export const selfie: PretextKind<SelfieOptions> = {
  schema: z.strictObject({
    name: z.literal("selfie"),
    ...patchOptions,
    masked: maskedOption,
  }),
  describe: ({ exchange }) =>
    withAdaptations("Selfie", [exchange && "attention exchange"]),
  encoderInput: () => "patches",
  compared: ({ grid, masked }) => ({
    masks: { patches: grid ** 2, masked, isShared: false },
  }),
  create: (options, setting) => new Selfie(options, setting),
};

/** Selfie (section 3.1; Trinh et al. 2019): which of the masked patches belongs here? */
export class Selfie implements PretextModel {
  /** The network that is pretrained. */
  readonly encoder: PretextSetting["encoder"];
  /** f of Eq. 1: represents patches. */
  readonly patchNetwork: PatchNetwork;
  /** Pools the visible patches into u. */
  readonly pooling: AttentionPooling;
  /** E: `[patches, width]`. */
  readonly positions: Parameter;

  /**
   * The task around an encoder.
   *
   * @throws {RangeError} if the grid, the masked patches or the heads do not fit.
   */
  constructor(
    /** Grid, masks and sizes. */
    readonly options: SelfieOptions,
    setting: PretextSetting,
  ) {
    const { grid, masked, transformer, dropout, initialization } = options;
    checkMasked(masked, options);
    this.encoder = setting.encoder;
    this.patchNetwork = createPatchNetwork(
      options,
      setting.encoder,
      setting.imageSize,
    );
    const { width } = this.patchNetwork;
    this.pooling = new AttentionPooling({
      ...transformer,
      width,
      dropout,
      initialization,
    });
    this.positions = new Parameter([grid ** 2, width], {
      deviation: EMBEDDING_DEVIATION,
    });
  }

  /** Ends the path of whole images, on which nothing is learned, as it does that of patches. */
  get imageNorm(): MapLayer {
    return this.patchNetwork.norm;
  }

  /** Dropout rate of pooled features. */
  get dropout(): number {
    return this.options.dropout;
  }

  forward(images: Tensor, _views: number, context: Context): PretextOutputs {
    const [n] = images.shape;
    const { grid, masked } = this.options;
    const { visible, locations } = drawMasks(
      n,
      grid ** 2,
      masked,
      context.random,
    );
    // P: [n, patches, width]
    const P = this.patchNetwork.forward(images, context, visible);
    // u: [n, width]
    const u = this.pooling.forward(P, context, visible);
    // v_k = u + E^k: [n, masked, width]
    const width = this.patchNetwork.width;
    const E = gather(this.positions.tensor, reshape(locations, [n * masked]));
    const queries = add(
      reshape(u, [n, 1, width]),
      reshape(E, [n, masked, width]),
    );
    return {
      selfie: { queries, candidates: rowsAt(P, locations), locations },
    };
  }

  /** The representations of the patches, averaged in each quarter of the image: `[n, 4 * width]` */
  features(images: Tensor, context: Context): Tensor {
    const P = this.patchNetwork.forward(images, context);
    return quarters(P, this.options.grid);
  }

  /** The stages of the patch path, and `features`. */
  representations(images: Tensor, context: Context): Representations {
    return representPatches(this.patchNetwork, images, context).representations;
  }
}
