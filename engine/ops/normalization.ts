import { alone, type Communicator } from "../communicator.ts";
import { checkShape, type Tensor } from "../graph/tensor.ts";
import { allGather, allReduceTogether } from "./collective.ts";
import {
  add,
  divide,
  exp,
  less,
  maximum,
  multiply,
  select,
  sqrt,
  square,
  subtract,
} from "./elementwise.ts";
import { customGradient } from "./gradient_flow.ts";
import { concatenate, reshape, sliceAxis } from "./movement.ts";
import { max, mean, sum, variance } from "./reduction.ts";

/** `1 / sqrt(variance + epsilon)`. */
function inverseDeviation(variance: Tensor, epsilon: number): Tensor {
  return divide(1, sqrt(add(variance, epsilon)));
}

/** Throws unless `x` has a last axis, and all that is named has one number for each of its positions. */
function checkPerChannel(
  name: string,
  x: Tensor,
  tensors: Readonly<Record<string, Tensor>>,
): void {
  checkShape(x, ["...", "channels"], `${name}: the input`);
  for (const [role, tensor] of Object.entries(tensors)) {
    checkShape(tensor, x.shape.slice(-1), `${name}: the ${role}`);
  }
}

/** A normalised batch with the statistics that normalised it. */
export interface BatchNormalization {
  /** The normalised, scaled and shifted values, of the shape of the input. */
  readonly output: Tensor;
  /** Mean of each channel, `[channels]`. */
  readonly mean: Tensor;
  /** Biased variance of each channel, `[channels]`. */
  readonly variance: Tensor;
}

/**
 * Batch normalisation (Ioffe and Szegedy 2015) over all axes but the last, with the statistics of
 * this batch, or of those of all processes of a communicator together.
 *
 * @param x `[..., channels]`
 * @param scale `[channels]`
 * @param shift `[channels]`
 * @throws {RangeError} if the shapes do not fit.
 */
export function batchNorm(
  x: Tensor,
  scale: Tensor,
  shift: Tensor,
  epsilon = 1e-5,
  communicator: Communicator = alone,
): BatchNormalization {
  checkPerChannel("batchNorm", x, { scale, shift });
  const axes = x.shape.slice(0, -1).map((_, axis) => axis);
  const count = x.size / scale.size * communicator.size;
  const { batchMean, batchVariance } = statisticsOf(x, axes, communicator);
  const inverse = inverseDeviation(batchVariance, epsilon);
  const normalized = multiply(subtract(x, batchMean), inverse);
  const value = add(multiply(normalized, scale), shift);
  const output = customGradient(value, [x, scale, shift], (gradient) => {
    const shiftGradient = sum(gradient, { axes });
    const scaleGradient = sum(multiply(gradient, normalized), { axes });
    // the statistics depend on the batches of all processes, scale and shift act on this one's
    const [shiftTotal, scaleTotal] = allReduceTogether(
      [shiftGradient, scaleGradient],
      communicator,
    );
    const centred = subtract(
      gradient,
      add(
        divide(shiftTotal, count),
        multiply(normalized, divide(scaleTotal, count)),
      ),
    );
    return [
      multiply(centred, multiply(scale, inverse)),
      scaleGradient,
      shiftGradient,
    ];
  });
  return { output, mean: batchMean, variance: batchVariance };
}

/** Mean and biased variance of each channel over the batches of all processes, which are equally large. */
function statisticsOf(
  x: Tensor,
  axes: readonly number[],
  communicator: Communicator,
) {
  const own = { mean: mean(x, { axes }), variance: variance(x, { axes }) };
  if (communicator.size === 1) {
    return { batchMean: own.mean, batchVariance: own.variance };
  }
  const [channels] = own.mean.shape;
  const row = [1, channels];
  // [ranks, 2 * channels]
  const all = allGather(
    concatenate([reshape(own.mean, row), reshape(own.variance, row)], 1),
    communicator,
  );
  const means = sliceAxis(all, 1, 0, channels);
  const variances = sliceAxis(all, 1, channels, 2 * channels);
  return {
    batchMean: mean(means, { axes: [0] }),
    batchVariance: add(
      mean(variances, { axes: [0] }),
      variance(means, { axes: [0] }),
    ),
  };
}

/**
 * Normalisation with given statistics, as at evaluation: `x` is `[..., channels]`, the rest `[channels]`.
 *
 * @throws {RangeError} if the shapes do not fit.
 */
export function normalizeWith(
  x: Tensor,
  statistics: { readonly mean: Tensor; readonly variance: Tensor },
  scale: Tensor,
  shift: Tensor,
  epsilon = 1e-5,
): Tensor {
  const { mean, variance } = statistics;
  checkPerChannel("normalizeWith", x, { mean, variance, scale, shift });
  const factor = multiply(
    scale,
    inverseDeviation(variance, epsilon),
  );
  return add(multiply(subtract(x, mean), factor), shift);
}

/**
 * Layer normalisation (Ba et al. 2016) over the last axis; `scale` and `shift` are `[width]`.
 *
 * @throws {RangeError} if the shapes do not fit.
 */
export function layerNorm(
  x: Tensor,
  scale: Tensor,
  shift: Tensor,
  epsilon = 1e-5,
): Tensor {
  checkPerChannel("layerNorm", x, { scale, shift });
  const last = { axes: [-1], keepAxes: true };
  const inverse = inverseDeviation(variance(x, last), epsilon);
  const normalized = multiply(subtract(x, mean(x, last)), inverse);
  const standardized = customGradient(normalized, [x], (gradient) => {
    const along = mean(multiply(gradient, normalized), last);
    const centred = subtract(
      gradient,
      add(mean(gradient, last), multiply(normalized, along)),
    );
    return [multiply(centred, inverse)];
  });
  return add(multiply(standardized, scale), shift);
}

/** Exponentials along the last axis divided by their sum. */
export function softmax(x: Tensor): Tensor {
  const last = { axes: [-1], keepAxes: true };
  const exponentials = exp(subtract(x, max(x, last)));
  const y = divide(exponentials, sum(exponentials, last));
  return customGradient(y, [x], (gradient) => {
    const weighted = multiply(gradient, y);
    return [subtract(weighted, multiply(y, sum(weighted, last)))];
  });
}

/** `x` divided by its Euclidean length along the last axis; lengths below `epsilon` count as `epsilon`. */
export function l2Normalize(x: Tensor, epsilon = 1e-6): Tensor {
  const last = { axes: [-1], keepAxes: true };
  const length = sqrt(sum(square(x), last));
  const inverse = divide(1, maximum(length, epsilon));
  const y = multiply(x, inverse);
  return customGradient(y, [x], (gradient) => {
    // where the length counts as epsilon, it does not depend on x
    const along = select(
      less(length, epsilon),
      0,
      sum(multiply(gradient, y), last),
    );
    return [multiply(subtract(gradient, multiply(y, along)), inverse)];
  });
}
