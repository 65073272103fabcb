import { add, multiply, relu } from "../engine/ops/elementwise.ts";
import { stopGradient } from "../engine/ops/gradient_flow.ts";
import {
  batchNorm,
  layerNorm,
  normalizeWith,
} from "../engine/ops/normalization.ts";
import type { Tensor } from "../engine/graph/tensor.ts";
import { UserError } from "../engine/user_error.ts";
import type { Context } from "./context.ts";
import { Parameter } from "./parameter.ts";
import { State } from "./state.ts";

/** Weight of the latest batch in the running statistics, as in PyTorch. */
const MOMENTUM = 0.1;

/** Batch normalisation over all axes but the last (Ioffe and Szegedy 2015), with running statistics for evaluation. */
export class BatchNorm {
  /** `[channels]` */
  readonly scale: Parameter;
  /** `[channels]` */
  readonly shift: Parameter;
  /** Running mean, `[channels]`. */
  readonly mean: State;
  /** Running unbiased variance, `[channels]`. */
  readonly variance: State;

  /** A normalisation of `channels` channels. */
  constructor(channels: number) {
    this.scale = new Parameter([channels], { constant: 1 });
    this.shift = new Parameter([channels], { constant: 0 });
    this.mean = new State("running mean", [channels], 0);
    this.variance = new State("running variance", [channels], 1);
  }

  /**
   * `[..., channels]` -> the same shape
   *
   * @throws {UserError} if there is one value for each channel in training: its variance says nothing.
   */
  forward(x: Tensor, context: Context): Tensor {
    const [scale, shift] = [this.scale.tensor, this.shift.tensor];
    if (!context.training) {
      const statistics = {
        mean: context.value(this.mean),
        variance: context.value(this.variance),
      };
      return normalizeWith(x, statistics, scale, shift);
    }
    const { statisticsCommunicator } = context;
    const count = x.size / scale.size * statisticsCommunicator.size;
    if (count === 1) {
      throw new UserError(
        "batch normalisation cannot learn from one value for each channel; set a larger batchSize",
      );
    }
    const { output, mean, variance } = batchNorm(
      x,
      scale,
      shift,
      undefined,
      statisticsCommunicator,
    );
    this.#track(context, this.mean, mean);
    this.#track(
      context,
      this.variance,
      multiply(variance, count / (count - 1)),
    );
    return output;
  }

  #track(context: Context, statistic: State, value: Tensor): void {
    const old = multiply(context.value(statistic), 1 - MOMENTUM);
    context.update(
      statistic,
      add(old, multiply(stopGradient(value), MOMENTUM)),
      context.statisticsCommunicator.size === 1,
    );
  }
}

/** Batch normalisation and a rectifier, as they end a pre-activation network. */
export class BatchNormRelu extends BatchNorm {
  /** `[..., channels]` -> the same shape, at least 0 */
  override forward(x: Tensor, context: Context): Tensor {
    return relu(super.forward(x, context));
  }
}

/** Layer normalisation over the last axis (Ba et al. 2016). */
export class LayerNorm {
  /** `[width]` */
  readonly scale: Parameter;
  /** `[width]` */
  readonly shift: Parameter;

  /** A normalisation of rows of `width`. */
  constructor(width: number) {
    this.scale = new Parameter([width], { constant: 1 });
    this.shift = new Parameter([width], { constant: 0 });
  }

  /** `[..., width]` -> the same shape */
  forward(x: Tensor): Tensor {
    return layerNorm(x, this.scale.tensor, this.shift.tensor);
  }
}
