import type { Assignment } from "../engine/compile/schedule.ts";
import type { Tensor } from "../engine/graph/tensor.ts";
import type { Config } from "../train/config/config.ts";

/** Values of the inputs of a piece of work, row-major. */
export type Values = Float32Array<ArrayBuffer>;

/** `a b`: `[m, k]` times `[k, n]`. */
export interface MatmulWork {
  readonly kind: "matmul";
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly a: Values;
  readonly b: Values;
}

/** One pass of a convolution, NHWC, stride 1, padded so that the size stays. */
export interface ConvolutionWork {
  readonly kind: "convolution";
  readonly pass: "forward" | "inputGradient" | "weightGradient";
  readonly n: number;
  /** Height and width of the image. */
  readonly size: number;
  readonly inputs: number;
  readonly outputs: number;
  /** Height and width of the window: 1 or 3. */
  readonly window: number;
  /** `[n, size, size, inputs]` */
  readonly x: Values;
  /** `[window, window, inputs, outputs]` */
  readonly weight: Values;
  /** Gradient of the output, `[n, size, size, outputs]`. */
  readonly gradient: Values;
}

/**
 * A training step of a layer: `y = relu(batchNorm(convolution(x)))`, loss `mean(y * target)`, and
 * plain gradient descent (learning rate 0.1) on weight, scale and shift. Batch statistics, epsilon 1e-5.
 */
export interface LayerStepWork {
  readonly kind: "layerStep";
  readonly n: number;
  readonly size: number;
  readonly inputs: number;
  readonly outputs: number;
  /** `[n, size, size, inputs]`; it gets a gradient too, as a layer in the middle of a network does. */
  readonly x: Values;
  /** `[3, 3, inputs, outputs]` */
  readonly weight: Values;
  /** `[n, size, size, outputs]` */
  readonly target: Values;
}

/** Forward and backward of multi-head attention: gradient of `mean(attention(q, k, v) * target)` to all three. */
export interface AttentionWork {
  readonly kind: "attention";
  readonly batch: number;
  readonly tokens: number;
  readonly width: number;
  readonly heads: number;
  /** Each `[batch, tokens, width]`. */
  readonly query: Values;
  readonly key: Values;
  readonly value: Values;
  readonly target: Values;
}

/** A whole training step of a model: forward, backward, AdamW. */
export interface TrainingWork {
  readonly kind: "training";
  /** A preset of the project, or a plain classifier. */
  readonly model: "baseline-tiny" | "dv2-tiny" | "resnet50";
  /** The settings of the preset as it is shipped, dropout included; of the classifier its encoder. */
  readonly config: Config | Pick<Config, "encoder">;
  /** The loss as a graph of the inputs below and of the states of `parameters`, without dropout. */
  readonly loss: Tensor;
  /** The parameters that are trained, as states of one storage whose `initial` is their value. */
  readonly parameters: ReadonlyMap<string, Tensor>;
  /** Running statistics that a step writes as well; they do not change the loss. */
  readonly statistics: readonly Assignment[];
  /** Other states that `loss` depends on, by name. They keep their initial value in all steps of `result`. */
  readonly vocabularies: ReadonlyMap<string, Tensor>;
  /** Values for the inputs of `loss`, by name. */
  readonly feeds: Readonly<
    Record<
      string,
      | Float32Array<ArrayBuffer>
      | Int32Array<ArrayBuffer>
      | Uint32Array<ArrayBuffer>
    >
  >;
  readonly optimizer: {
    readonly learningRate: number;
    readonly beta1: number;
    readonly beta2: number;
    readonly epsilon: number;
    readonly weightDecay: number;
  };
}

/**
 * Match of Eq. 17 and loss of Eq. 20 against a vocabulary, with the gradient of the loss to the
 * predictions.
 */
export interface VocabularyWork {
  readonly kind: "vocabulary";
  readonly n: number;
  readonly entries: number;
  readonly width: number;
  /** Entries before and after their update, `[entries, width]`; all rows here have unit length. */
  readonly before: Values;
  readonly after: Values;
  /** `[entries]` */
  readonly masses: Values;
  /** `[n, width]` */
  readonly predictions: Values;
  /** `[n, width]` */
  readonly targets: Values;
}

/** Something to be computed, the same for all who compete. */
export type Work =
  | MatmulWork
  | ConvolutionWork
  | LayerStepWork
  | AttentionWork
  | VocabularyWork
  | TrainingWork;

/** A program that is ready to do a piece of work: compiled, its inputs in place. */
export interface Contender {
  /** Does the work a number of times in a row; resolves when the last one is done. Reads nothing back. */
  run(times: number): Promise<void>;
  /**
   * What all must agree on, of the state before the first `run`: the product, the pass, the new
   * weight of a layer, the three gradients of attention one after another, the gradient of
   * the vocabulary loss times `n * entries` and after it the score of the match of each target, or the losses of three
   * training steps in a row (`[3]`, each before its update).
   */
  result(): Promise<ArrayLike<number>>;
  /** Frees memory, threads and processes. */
  close(): Promise<void> | void;
}

/** Another program that can do some of the work. */
export interface Peer {
  /** Such as "jax-js wasm". */
  readonly name: string;
  /** How far its results may be off, relative to the largest, where it computes with fewer bits. */
  readonly tolerance?: number;
  /**
   * Prepares a piece of work.
   *
   * @throws {MissingPeer} if it is not installed, or cannot do this work; the message says why.
   */
  prepare(work: Work): Promise<Contender>;
  /** Ends what it started, at the end of all cases. */
  close?(): Promise<void> | void;
}

/** A peer that is not here, or cannot do what is asked. */
export class MissingPeer extends Error {}
