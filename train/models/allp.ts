import { z } from "zod";
import type { Tensor } from "../../engine/graph/tensor.ts";
import { UserError } from "../../engine/user_error.ts";
import { AttentionPooling } from "../../layers/attention_pooling.ts";
import type { Context } from "../../layers/context.ts";
import { PATCH_STAGES, type PatchNetwork } from "../../layers/patch_network.ts";
import { Projection } from "../../layers/projection.ts";
import type { PretextOutputs } from "../../losses/term.ts";
import {
  createPatchNetwork,
  type PatchOptions,
  patchOptions,
} from "./patch_options.ts";
import type { PretextModel, PretextSetting } from "./pretext_model.ts";
import { quarters } from "./quarters.ts";

/** Settings of Allp; `transformer` is its attention pooling. */
export interface AllpOptions extends PatchOptions {
  /** Tells the pretext models apart. */
  readonly name: "allp";
  /** Dimensions of the space in which similarities are computed, at least 1; 128 by default. */
  readonly projection: number;
}

/**
 * Accepts {@linkcode AllpOptions}.
 *
 * @internal
 */
export const schema: z.ZodType<AllpOptions> = z.strictObject({
  name: z.literal("allp"),
  ...patchOptions,
  projection: z.int().min(1).default(128),
});

/** Groups of the encoder that the task uses. */
export function stagesOf(_options: AllpOptions): number {
  return PATCH_STAGES;
}

/**
 * The task around an encoder.
 *
 * @throws {RangeError} if the grid or the heads do not fit.
 */
export function create(
  options: AllpOptions,
  setting: PretextSetting,
): PretextModel {
  return new Allp(options, setting);
}

/** Allp (section 3.2): all patches of a view make one vector, like those of the other views. */
export class Allp implements PretextModel {
  /** The network that is pretrained. */
  readonly encoder: PretextSetting["encoder"];
  /** P of Eq. 10: makes representations of patches. */
  readonly patchNetwork: PatchNetwork;
  /** h of Eq. 11. */
  readonly pooling: AttentionPooling;
  /** To the space in which vectors are compared. */
  readonly head: Projection;

  /**
   * The task around an encoder.
   *
   * @throws {RangeError} if the grid or the heads do not fit.
   */
  constructor(
    /** Grid and sizes. */
    readonly options: AllpOptions,
    setting: PretextSetting,
  ) {
    const { transformer, dropout, projection } = options;
    this.encoder = setting.encoder;
    this.patchNetwork = createPatchNetwork(
      options,
      setting.encoder,
      setting.imageSize,
    );
    const { width } = this.patchNetwork;
    this.pooling = new AttentionPooling({ ...transformer, width, dropout });
    this.head = new Projection(width, projection);
  }

  /**
   * Makes one vector of each view.
   *
   * @param images `[n, height, width, 3]`, normalised; the views of an instance in a row
   * @param views D, the number of transformed views of each instance
   * @throws {UserError} if there is but one view, which has nothing to be compared with.
   */
  forward(images: Tensor, views: number, context: Context): PretextOutputs {
    if (views < 2) {
      throw new UserError(
        `the model allp compares the views of an instance, and there is ${views}; set views to 2 or more`,
      );
    }
    // P: [n, patches, width]
    const P = this.patchNetwork.forward(images, context);
    // Eq. 11, u: [n, width]
    const u = this.pooling.forward(P, context);
    return { views: { vectors: this.head.forward(u), views } };
  }

  /** The representations of the patches, averaged in each quarter of the image: `[n, 4 * width]` */
  features(images: Tensor, context: Context): Tensor {
    const P = this.patchNetwork.forward(images, context);
    return quarters(P, this.options.grid);
  }
}
