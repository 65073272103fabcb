import {
  add,
  divide,
  minimum,
  multiply,
  sqrt,
  square,
  subtract,
} from "../engine/ops/elementwise.ts";
import { reshape, sliceAxis } from "../engine/ops/movement.ts";
import { sum } from "../engine/ops/reduction.ts";
import type { Assignment } from "../engine/compile/schedule.ts";
import { Storage, type Tensor } from "../engine/graph/tensor.ts";

/** Settings of AdamW. */
export interface AdamWOptions {
  /** Share of a parameter that a step takes away, per unit of learning rate; at least 0. */
  readonly weightDecay: number;
  /** Decay of the mean of gradients, 0 to below 1. */
  readonly beta1: number;
  /** Decay of the mean of squared gradients, 0 to below 1. */
  readonly beta2: number;
  /** Added to the root of the mean square, above 0. */
  readonly epsilon: number;
  /** The gradient is scaled down to this global norm; 0 leaves it as it is. */
  readonly clipNorm: number;
}

/** What an update consists of. */
export interface Update {
  /** New values of the parameters and of both moments. */
  readonly assignments: readonly Assignment[];
  /** Global norm of the gradient, before clipping. */
  readonly gradientNorm: Tensor;
}

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019), as in PyTorch, on all parameters
 * at once.
 */
export class AdamW {
  /** Mean of gradients, one value for each parameter; zeros at first. */
  readonly firstMoment: Storage;
  /** Mean of squared gradients, one value for each parameter; zeros at first. */
  readonly secondMoment: Storage;

  /** An optimiser of the parameters in one storage. */
  constructor(
    /** What it optimises, f32. */
    readonly parameters: Storage,
    /** Its settings. */
    readonly options: AdamWOptions,
  ) {
    this.firstMoment = new Storage("first moment", parameters.size);
    this.secondMoment = new Storage("second moment", parameters.size);
  }

  /**
   * What changes from step to step, computed on the host in float64: the share that decays, step size,
   * and the correction of the second moment.
   *
   * @param step the step to be taken, from 0
   */
  feed(step: number, learningRate: number): Float32Array<ArrayBuffer> {
    const { weightDecay, beta1, beta2 } = this.options;
    return new Float32Array([
      learningRate * weightDecay,
      learningRate / (1 - beta1 ** (step + 1)),
      1 / Math.sqrt(1 - beta2 ** (step + 1)),
    ]);
  }

  /**
   * The update for a gradient.
   *
   * @param gradient one value for each parameter, `[parameters]`
   * @param feed what {@linkcode AdamW.feed} gives, `[3]`
   */
  update(gradient: Tensor, feed: Tensor): Update {
    const { beta1, beta2, epsilon, clipNorm } = this.options;
    const [decay, stepSize, correction] = [0, 1, 2].map((i) =>
      reshape(sliceAxis(feed, 0, i, i + 1), [])
    );
    const gradientNorm = sqrt(sum(square(gradient)));
    const g = clipNorm > 0
      ? multiply(
        gradient,
        minimum(divide(clipNorm, add(gradientNorm, 1e-6)), 1),
      )
      : gradient;
    const m = add(
      multiply(this.firstMoment.tensor(), beta1),
      multiply(g, 1 - beta1),
    );
    const v = add(
      multiply(this.secondMoment.tensor(), beta2),
      multiply(square(g), 1 - beta2),
    );
    const direction = divide(m, add(multiply(sqrt(v), correction), epsilon));
    // 1 - decay may round to 1 in float32; as a part of the update the decay is not lost
    const parameters = this.parameters.tensor();
    const change = add(
      multiply(direction, stepSize),
      multiply(parameters, decay),
    );
    return {
      assignments: [
        { storage: this.firstMoment, value: m },
        { storage: this.secondMoment, value: v },
        {
          storage: this.parameters,
          value: subtract(parameters, change),
        },
      ],
      gradientNorm,
    };
  }
}
