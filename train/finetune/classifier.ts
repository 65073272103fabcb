import { input, type Tensor } from "../../engine/graph/tensor.ts";
import { cast, equal } from "../../engine/ops/elementwise.ts";
import { iota } from "../../engine/ops/iota.ts";
import { reshape } from "../../engine/ops/movement.ts";
import { Context } from "../../layers/context.ts";
import { Linear } from "../../layers/linear.ts";
import { namedStates } from "../../layers/module.ts";
import { type PackedParameters, packParameters } from "../../layers/packing.ts";
import { crossEntropy } from "../../losses/cross_entropy.ts";
import { retrieval } from "../../losses/retrieval.ts";
import type { BuiltModel } from "../build_model.ts";
import { modelTensors } from "../export/model_tensors.ts";
import type { ModelState } from "../run/training_state.ts";
import type { StoredTensor } from "../run/safetensors_header.ts";
import type { TotalLoss } from "../total_loss.ts";
import { classifierInput } from "./classifier_input.ts";
import type { FinetuneConfig } from "./finetune_config.ts";

/** A checkpoint that a network begins with. */
export interface PretrainedWeights {
  /** Parameters and running statistics by name, among others. */
  readonly tensors: Readonly<Record<string, StoredTensor>>;
  /** Names where they come from in errors. */
  readonly source: string;
}

/** A pretrained network with a linear classifier on top (section 4.1). */
export class Classifier {
  /**
   * What learns, under the names of the pretraining and `classifier`: all of the network, or the
   * classifier alone.
   */
  readonly learning: ModelState;
  readonly #head: Linear;

  /**
   * A classifier of `classes` classes, its weights and those of a network without a checkpoint
   * drawn by the seed.
   *
   * @throws {UserError} if the checkpoint does not fit the network.
   */
  constructor(
    /** The network, built with the same seed; its parameters are packed anew if they learn. */
    readonly network: BuiltModel,
    /** Settings of the fine-tuning. */
    private readonly config: Pick<FinetuneConfig, "input" | "frozen" | "seed">,
    /** Number of classes. */
    readonly classes: number,
    weights?: PretrainedWeights,
  ) {
    const { model } = network;
    const { frozen, seed } = config;
    this.#head = new Linear(this.#width(), classes);
    const classifier = { classifier: this.#head };
    const module = frozen ? classifier : { ...model, ...classifier };
    const parameters = packParameters(module, seed);
    this.learning = { model: module, parameters };
    if (weights) {
      const { tensors, source } = weights;
      const known = modelTensors(network, tensors, source);
      setInitial(model, frozen ? network.parameters : parameters, known);
    }
  }

  /**
   * The scores of the classes.
   *
   * @param images `[n, height, width, 3]`, normalised
   * @returns `[n, classes]`
   */
  forward(images: Tensor, context: Context): Tensor {
    const { frozen } = this.config;
    const { dropout } = this.network.model;
    const features = this.#features(images, frozen ? new Context() : context);
    return this.#head.forward(
      frozen ? context.dropout(features, dropout) : features,
    );
  }

  /** Cross entropy with the input `labels`, i32 `[n]`, and the share of images that are right. */
  objective(images: Tensor, context: Context): TotalLoss {
    const scores = this.forward(images, context);
    const [n] = scores.shape;
    // [n] -> [n, classes]
    const isTarget = cast(
      equal(
        iota(scores.shape, 1),
        reshape(input("labels", [n], "i32"), [n, 1]),
      ),
      "f32",
    );
    return {
      loss: crossEntropy(scores, isTarget),
      metrics: { accuracy: retrieval(scores, isTarget) },
    };
  }

  #features(images: Tensor, context: Context): Tensor {
    const { model } = this.network;
    return classifierInput(model, this.config.input, images, context);
  }

  /** Number of features that the classifier sees. */
  #width(): number {
    const { size } = this.network.augmentation;
    const image = input("image", [1, size, size, 3]);
    return this.#features(image, new Context()).shape[1];
  }
}

/** Makes stored values the initial ones. */
function setInitial(
  model: object,
  { storage, entries }: PackedParameters,
  tensors: Readonly<Record<string, StoredTensor>>,
): void {
  for (const [name, { data }] of Object.entries(tensors)) {
    const entry = entries.get(name);
    if (entry) storage.initial?.set(data, entry.offset);
  }
  for (const [name, { initial }] of namedStates(model)) {
    initial.set(tensors[name].data);
  }
}
