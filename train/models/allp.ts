import { z } from "zod";
import type { Tensor } from "../../engine/graph/tensor.ts";
import { UserError } from "../../engine/user_error.ts";
import { AttentionPooling } from "../../layers/attention_pooling.ts";
import type { Context } from "../../layers/context.ts";
import type { MapLayer } from "../../layers/encoder.ts";
import type { PatchNetwork } from "../../layers/patch_network.ts";
import { createHead, type Projection } from "../../layers/projection.ts";
import type { PretextOutputs } from "../../losses/outputs.ts";
import { withAdaptations } from "./adaptations.ts";
import {
  createPatchNetwork,
  type PatchOptions,
  patchOptions,
  type ProjectionOptions,
  projectionOptions,
} from "./patch_options.ts";
import type {
  PretextKind,
  PretextModel,
  PretextSetting,
  Representations,
} from "./pretext_model.ts";
import { quarters } from "./quarters.ts";
import { representPatches } from "./representations.ts";

/** Settings of Allp; `transformer` is its attention pooling. */
export interface AllpOptions extends PatchOptions, ProjectionOptions {
  /** Its name in the registry. */
  readonly name: "allp";
}

/** Allp, of the paper's section 3.2. */
export const allp: PretextKind<AllpOptions> = {
  schema: z.strictObject({
    name: z.literal("allp"),
    ...patchOptions,
    ...projectionOptions,
  }),
  describe: ({ exchange }) =>
    withAdaptations("Allp", [exchange && "attention exchange"]),
  encoderInput: () => "patches",
  compared: ({ projection }) => ({ width: projection }),
  create: (options, setting) => new Allp(options, setting),
};

/**
 * Allp (section 3.2): the patches of a view are pooled into one vector, to be close to those of the other
 * views. All views are transformed; the paper counts the original image as one of them.
 */
export class Allp implements PretextModel {
  /** The network that is pretrained. */
  readonly encoder: PretextSetting["encoder"];
  /** P of Eq. 10: represents patches. */
  readonly patchNetwork: PatchNetwork;
  /** h of Eq. 11. */
  readonly pooling: AttentionPooling;
  /** Projects to the space in which views are compared. */
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
    const { transformer, dropout, projection, head, initialization } = options;
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
    this.head = createHead(head, width, projection, initialization);
  }

  /** Ends the path of whole images, on which nothing is learned, as it does that of patches. */
  get imageNorm(): MapLayer {
    return this.patchNetwork.norm;
  }

  /** Dropout rate of pooled features. */
  get dropout(): number {
    return this.options.dropout;
  }

  /**
   * Represents each view by one vector.
   *
   * @param images `[n, height, width, 3]`, normalised; the views of an instance are consecutive
   * @param views D, the number of transformed views of each instance
   * @throws {UserError} if there is only one view, which has nothing to be compared with.
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
    return { allp: { vectors: this.head.forward(u, context), views } };
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
