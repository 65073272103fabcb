import { apply, type Definitions } from "../graph/definition.ts";
import type { Shape, Tensor } from "../graph/tensor.ts";
import { checkFloats } from "./check_floats.ts";
import { matmul } from "./matmul.ts";
import { pad, reshape, slice } from "./movement.ts";
import {
  checkGradient,
  checkImage,
  type Window,
  windowCount,
} from "./window.ts";

/** A convolution: image, weight -> result. */
export interface ConvolutionOperation {
  /** The discriminant of `Operation`. */
  readonly kind: "convolution";
  /** Geometry of the window. */
  readonly window: Window;
}

/** Gradient of a convolution with respect to its image: gradient of the result, weight -> gradient. */
export interface ConvolutionInputGradientOperation {
  /** The discriminant of `Operation`. */
  readonly kind: "convolutionInputGradient";
  /** Geometry of the window. */
  readonly window: Window;
  /** Sizes of the image. */
  readonly shape: Shape;
}

/** Gradient of a convolution with respect to its weight: image, gradient of the result -> gradient. */
export interface ConvolutionWeightGradientOperation {
  /** The discriminant of `Operation`. */
  readonly kind: "convolutionWeightGradient";
  /** Geometry of the window. */
  readonly window: Window;
}

/** A convolution and its gradients. */
export type ConvolutionOperations =
  | ConvolutionOperation
  | ConvolutionInputGradientOperation
  | ConvolutionWeightGradientOperation;

/**
 * Definitions of convolutions and their gradients.
 *
 * @internal
 */
export const convolutions: Definitions<ConvolutionOperations, "kernel"> = {
  convolution: {
    role: "kernel",
    operands: "stored",
    infer({ window }, [x, weight]) {
      checkFloats("convolution", x, weight);
      return {
        shape: convolutionShape(x.shape, weight.shape, window),
        dtype: "f32",
      };
    },
    gradient: (gradient, { inputs: [x, weight] }, { window }) => [
      convolutionInputGradient(gradient, weight, x.shape, window),
      convolutionWeightGradient(gradient, x, window),
    ],
  },
  convolutionInputGradient: {
    role: "kernel",
    operands: "stored",
    infer({ window, shape }, [gradient, weight]) {
      checkFloats("convolutionInputGradient", gradient, weight);
      checkGradient(gradient, convolutionShape(shape, weight.shape, window));
      return { shape, dtype: "f32" };
    },
    gradient: () => "unsupported",
  },
  convolutionWeightGradient: {
    role: "kernel",
    operands: "stored",
    infer({ window }, [x, gradient]) {
      checkFloats("convolutionWeightGradient", x, gradient);
      checkImage("convolutionWeightGradient", x.shape);
      checkImage("convolutionWeightGradient", gradient.shape);
      const shape = [window.size, window.size, x.shape[3], gradient.shape[3]];
      checkGradient(gradient, convolutionShape(x.shape, shape, window));
      return { shape, dtype: "f32" };
    },
    gradient: () => "unsupported",
  },
};

/** Shape of the result of a convolution. */
function convolutionShape(x: Shape, weight: Shape, window: Window): Shape {
  checkImage("convolution", x);
  const [n, height, width, inputs] = x;
  const [rows, columns, weightInputs, outputs] = weight;
  if (
    weight.length !== 4 || rows !== window.size || columns !== window.size ||
    inputs !== weightInputs
  ) {
    throw new RangeError(
      `convolution of [${x}] needs a weight [size, size, ${inputs}, outputs], not [${weight}]`,
    );
  }
  return [n, windowCount(height, window), windowCount(width, window), outputs];
}

/**
 * Two-dimensional convolution (cross-correlation), NHWC.
 *
 * @param x `[n, height, width, inputs]`
 * @param weight `[size, size, inputs, outputs]`
 * @returns `[n, height', width', outputs]`
 * @throws {RangeError} if the channels differ or the image is smaller than the window.
 */
export function convolution(
  x: Tensor,
  weight: Tensor,
  options: { readonly stride?: number; readonly padding?: number } = {},
): Tensor {
  const [size, , inputs, outputs] = weight.shape;
  const { stride = 1, padding = 0 } = options;
  const window = { size, stride, padding };
  const shape = convolutionShape(x.shape, weight.shape, window);
  if (size === 1 && padding === 0) {
    // a 1x1 convolution in NHWC is a matrix product over the pixels that it looks at
    const pixels = subsample(x, shape[1], shape[2], stride);
    return matmul(pixels, reshape(weight, [inputs, outputs]));
  }
  return apply(
    convolutions.convolution,
    { kind: "convolution", window },
    [x, weight],
  );
}

/** Every `stride`-th pixel in both directions: `[n, height, width, channels]` -> `[n, rows, columns, channels]`. */
function subsample(
  x: Tensor,
  rows: number,
  columns: number,
  stride: number,
): Tensor {
  if (stride === 1) return x;
  const [n, height, width, channels] = x.shape;
  // [n, height, width, channels] -> [n, rows * stride, columns * stride, channels]
  const whole = pad(x, [0, 0, 0, 0], [
    0,
    rows * stride - height,
    columns * stride - width,
    0,
  ]);
  // -> [n, rows, stride, columns, stride, channels]
  const cells = reshape(whole, [n, rows, stride, columns, stride, channels]);
  const sizes = [n, rows, 1, columns, 1, channels];
  // -> [n, rows, columns, channels]
  return reshape(slice(cells, [0, 0, 0, 0, 0, 0], sizes), [
    n,
    rows,
    columns,
    channels,
  ]);
}

function convolutionInputGradient(
  gradient: Tensor,
  weight: Tensor,
  shape: Shape,
  window: Window,
): Tensor {
  return apply(
    convolutions.convolutionInputGradient,
    { kind: "convolutionInputGradient", window, shape },
    [gradient, weight],
  );
}

function convolutionWeightGradient(
  gradient: Tensor,
  x: Tensor,
  window: Window,
): Tensor {
  return apply(
    convolutions.convolutionWeightGradient,
    { kind: "convolutionWeightGradient", window },
    [x, gradient],
  );
}
