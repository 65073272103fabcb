import { z } from "zod";
import { add, multiply } from "../../engine/ops/elementwise.ts";
import { concatenate, reshape } from "../../engine/ops/movement.ts";
import { constant, type Tensor } from "../../engine/graph/tensor.ts";
import type { Context } from "../../layers/context.ts";
import type { MapLayer } from "../../layers/encoder.ts";
import { ImageNetwork } from "../../layers/image_network.ts";
import { drawMasks, type Masks, shareMasks } from "../../layers/masks.ts";
import { Momentum } from "../../layers/momentum.ts";
import { EMBEDDING_DEVIATION, Parameter } from "../../layers/parameter.ts";
import type { PatchNetwork } from "../../layers/patch_network.ts";
import { createHead, type Projection } from "../../layers/projection.ts";
import { rowsAt } from "../../layers/rows_at.ts";
import { Transformer } from "../../layers/transformer.ts";
import type { PretextOutputs } from "../../losses/outputs.ts";
import type { VocabularyComparison } from "../../losses/vocabulary.ts";
import * as vocabularies from "../../vocab/kinds.ts";
import {
  createVocabulary,
  type VocabularyOptions,
} from "../../vocab/registry.ts";
import type { Vocabulary } from "../../vocab/vocabulary.ts";
import { oneOf } from "../config/one_of.ts";
import { withAdaptations } from "./adaptations.ts";
import { DoubleView } from "./double_view.ts";
import {
  checkMasked,
  createPatchNetwork,
  maskedOption,
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
import { representPatches, stageMeans } from "./representations.ts";
import { type TargetOptions, targetOptions, targetsFrom } from "./targets.ts";

/** Settings of masked patch prediction: the paper's baseline, and each of its adaptations by itself. */
export interface MaskedPatchPredictionOptions
  extends PatchOptions, ProjectionOptions {
  /** Its name in the registry. */
  readonly name: "maskedPatchPrediction";
  /** Q, how many patches of each image are masked, 1 to M - 1; 4 by default. */
  readonly masked: number;
  /** Whether masks are drawn `perView`, the default, or `perInstance`, the same for all its views. */
  readonly masks: "perView" | "perInstance";
  /** What predictions are compared with. */
  readonly targets: TargetOptions;
  /** Whether whole images are predicted too (section 3.4); `false` by default. */
  readonly doubleView: boolean;
  /** The vocabulary of patches, and of images if they are predicted (section 3.5); `null`, the default, is none. */
  readonly vocabulary: VocabularyOptions | null;
}

/** The paper's baseline and, with all its adaptations, DV². */
export const maskedPatchPrediction: PretextKind<MaskedPatchPredictionOptions> =
  {
    schema: z.strictObject({
      name: z.literal("maskedPatchPrediction"),
      ...patchOptions,
      masked: maskedOption,
      masks: z.enum(["perView", "perInstance"]).default("perView"),
      targets: targetOptions.prefault({}),
      ...projectionOptions,
      doubleView: z.boolean().default(false),
      vocabulary: oneOf<VocabularyOptions>(vocabularies).nullable().default(
        null,
      ),
    }),
    describe: ({ exchange, doubleView, vocabulary }) =>
      withAdaptations("Masked patch prediction", [
        exchange && "attention exchange",
        doubleView && "double view",
        vocabulary && `${vocabulary.name} vocabulary`,
      ]),
    encoderInput: ({ doubleView }) => doubleView ? "images" : "patches",
    compared: ({ projection, grid, masked, masks, vocabulary }) => ({
      width: projection,
      masks: { patches: grid ** 2, masked, isShared: masks === "perInstance" },
      vocabulary,
    }),
    create: (options, setting) => new MaskedPatchPrediction(options, setting),
  };

/**
 * Masked patch prediction (section 3.3): the representations of masked patches are predicted from
 * those of the visible ones. With double view, exchange and vocabulary it is DV².
 */
export class MaskedPatchPrediction implements PretextModel {
  /** The network that is pretrained. */
  readonly encoder: PretextSetting["encoder"];
  /** Represents patches. */
  readonly patchNetwork: PatchNetwork;
  /** E of Eq. 14: `[patches, width]`. */
  readonly positions: Parameter;
  /** h of Eq. 14. */
  readonly transformer: Transformer;
  /** Projects patches and their predictions alike to the space of `|x, y|`. */
  readonly patchHead: Projection;
  /** The patch path as the targets of patches see it, if they come from a momentum encoder. */
  readonly momentum?: Momentum;
  /** Predicts whole images. */
  readonly doubleView?: DoubleView;
  /** Î, all patches visible: `[n, height, width, 3]` -> `[n, width]`; absent without the double view. */
  readonly predictImage?: PretextModel["predictImage"];
  /** Remembers masked patches of earlier batches. */
  readonly patchVocabulary?: Vocabulary;
  /** Remembers images of earlier batches. */
  readonly imageVocabulary?: Vocabulary;

  /**
   * The task around an encoder.
   *
   * @throws {RangeError} if the grid, the masked patches or the heads do not fit.
   */
  constructor(
    /** Grid, masks, sizes and adaptations. */
    readonly options: MaskedPatchPredictionOptions,
    setting: PretextSetting,
  ) {
    const { grid, masked, transformer, dropout, initialization } = options;
    const { projection, head, targets, vocabulary } = options;
    const headOf = (inputs: number) =>
      createHead(head, inputs, projection, initialization);
    checkMasked(masked, options);
    this.encoder = setting.encoder;
    this.patchNetwork = createPatchNetwork(
      options,
      setting.encoder,
      setting.imageSize,
    );
    const { width } = this.patchNetwork;
    this.positions = new Parameter([grid ** 2, width], {
      deviation: EMBEDDING_DEVIATION,
    });
    this.transformer = new Transformer({
      ...transformer,
      width,
      dropout,
      initialization,
    });
    this.patchHead = headOf(width);
    if (targets.patches === "momentum") {
      const { encoder, patchNetwork, patchHead } = this;
      this.momentum = new Momentum(
        { encoder, patchNetwork, patchHead },
        targets.momentum,
      );
    }
    if (options.doubleView) {
      const view = new DoubleView(
        new ImageNetwork(setting.encoder, dropout),
        width,
        headOf,
      );
      this.doubleView = view;
      this.predictImage = (images, context) => {
        const P = this.patchNetwork.forward(images, context);
        return this.#predictImage(view, P, context);
      };
    }
    const vocabularyOf = (label: string, seed: number) =>
      vocabulary
        ? createVocabulary(vocabulary, projection, seed, label)
        : undefined;
    this.patchVocabulary = vocabularyOf("patch vocabulary", setting.seed);
    this.imageVocabulary = options.doubleView
      ? vocabularyOf("image vocabulary", setting.seed + 1)
      : undefined;
  }

  /** Ends the path of whole images: with the double view its own, otherwise as the path of patches ends. */
  get imageNorm(): MapLayer {
    return (this.doubleView?.imageNetwork ?? this.patchNetwork).norm;
  }

  /** Dropout rate of pooled features. */
  get dropout(): number {
    return this.options.dropout;
  }

  forward(images: Tensor, views: number, context: Context): PretextOutputs {
    const [n] = images.shape;
    const patches = this.options.grid ** 2;
    const { visible, locations } = this.#drawMasks(n, views, context);
    // P: [n, patches, width]
    const P = this.patchNetwork.forward(images, context, visible);
    // Eq. 14: P̂ = h(v P + E)
    const tokens = add(
      multiply(reshape(visible, [n, patches, 1]), P),
      this.positions.tensor,
    );
    // [n, patches (+ 1), width]
    const contextual = this.doubleView
      ? this.transformer.forward(
        this.doubleView.appendToken(tokens),
        context,
        concatenate([visible, constant(1, [n, 1])], 1),
      )
      : this.transformer.forward(tokens, context, visible);
    // [n, masked, projection] and [n, patches, projection]
    const predictions = this.patchHead.forward(
      rowsAt(contextual, locations),
      context,
    );
    const targets = this.#patchTargets(P, images, visible, context);
    const patchVocabulary = compare(
      this.patchVocabulary,
      flatten(predictions),
      flatten(rowsAt(targets, locations)),
      context,
    );
    const outputs = {
      maskedPatch: {
        predictions,
        targets,
        locations,
        views,
        vocabulary: patchVocabulary,
      },
      patchVocabulary,
    };
    if (!this.doubleView) return outputs;

    // Î and I: [n, projection]
    const imagePredictions = this.doubleView.predict(contextual, context);
    const imageTargets = targetsFrom(
      this.options.targets.images,
      this.doubleView.target(images, context),
    );
    const imageVocabulary = compare(
      this.imageVocabulary,
      imagePredictions,
      imageTargets,
      context,
    );
    return {
      ...outputs,
      image: {
        predictions: imagePredictions,
        targets: imageTargets,
        views,
        vocabulary: imageVocabulary,
      },
      imageVocabulary,
    };
  }

  #drawMasks(n: number, views: number, { random }: Context): Masks {
    const { grid, masked, masks } = this.options;
    return masks === "perInstance"
      ? shareMasks(drawMasks(n / views, grid ** 2, masked, random), views)
      : drawMasks(n, grid ** 2, masked, random);
  }

  /** What predicted patches are compared with: `[n, patches, projection]` */
  #patchTargets(
    P: Tensor,
    images: Tensor,
    visible: Tensor,
    context: Context,
  ): Tensor {
    const { exchange, targets } = this.options;
    const represent = () => {
      if (exchange && !targets.exchange) {
        return this.patchNetwork.forwardIsolated(images, context);
      }
      return this.momentum
        ? this.patchNetwork.forward(images, context, visible)
        : P;
    };
    const project = () => this.patchHead.forward(represent(), context);
    this.momentum?.update(context);
    const projected = this.momentum?.run(context, project) ?? project();
    return targetsFrom(targets.patches, projected);
  }

  /** The representations of the patches, averaged in each quarter of the image: `[n, 4 * width]` */
  features(images: Tensor, context: Context): Tensor {
    const P = this.patchNetwork.forward(images, context);
    return quarters(P, this.options.grid);
  }

  /**
   * The stages of the patch path, and `features`; with the double view also those of the image path,
   * `I`, `Î` (the output at [IMG], all patches visible) and `I, Î`, the two side by side.
   */
  representations(images: Tensor, context: Context): Representations {
    const { P, representations } = representPatches(
      this.patchNetwork,
      images,
      context,
    );
    if (!this.doubleView) return representations;

    const maps = this.doubleView.imageNetwork.maps(images, context);
    const I = this.doubleView.imageNetwork.pool(maps.at(-1)!, context);
    const predicted = this.#predictImage(this.doubleView, P, context);
    const { features, ...patchStages } = representations;
    return {
      ...patchStages,
      ...stageMeans("image", maps, images.shape[0]),
      I,
      Î: predicted,
      "I, Î": concatenate([I, predicted], 1),
      features,
    };
  }

  /** Î, all patches visible: P `[n, patches, width]` -> `[n, width]` */
  #predictImage(doubleView: DoubleView, P: Tensor, context: Context): Tensor {
    const tokens = doubleView.appendToken(add(P, this.positions.tensor));
    return doubleView.predicted(this.transformer.forward(tokens, context));
  }
}

/** Updates a vocabulary with the targets, before its loss is computed. */
function compare(
  vocabulary: Vocabulary | undefined,
  predictions: Tensor,
  targets: Tensor,
  context: Context,
): VocabularyComparison | undefined {
  if (!vocabulary) return undefined;
  const entries = vocabulary.update(targets, context);
  const metrics = vocabulary.metrics(context);
  return { predictions, targets, entries, metrics };
}

/** `[n, count, width]` -> `[n * count, width]` */
function flatten(x: Tensor): Tensor {
  return reshape(x, [-1, x.shape[2]]);
}
