import {
  broadcastShapes,
  type Shape,
  Tensor,
  type Window,
} from "../graph/tensor.ts";
import { broadcastTo, pad, reshape, slice } from "./movement.ts";

/** Which operand of a matrix product is stored transposed. */
export interface TransposeOptions {
  /** Use the transpose of the last two axes of `a`. */
  readonly transposeA?: boolean;
  /** Use the transpose of the last two axes of `b`. */
  readonly transposeB?: boolean;
}

/**
 * Matrix product over the last two axes: `[..., m, k]` times `[..., k, n]` gives `[..., m, n]`;
 * leading axes broadcast.
 *
 * @throws {RangeError} if the inner sizes differ.
 */
export function matmul(
  a: Tensor,
  b: Tensor,
  options: TransposeOptions = {},
): Tensor {
  const { transposeA = false, transposeB = false } = options;
  const [aRows, aColumns] = a.shape.slice(-2);
  const [bRows, bColumns] = b.shape.slice(-2);
  const [m, k] = transposeA ? [aColumns, aRows] : [aRows, aColumns];
  const [inner, n] = transposeB ? [bColumns, bRows] : [bRows, bColumns];
  if (k !== inner || k === undefined || n === undefined) {
    throw new RangeError(
      `matrix product of [${a.shape}] and [${b.shape}]: inner sizes ${k} and ${inner} differ`,
    );
  }
  if (b.shape.length === 2 && a.shape.length > 2 && !transposeA) {
    // [..., m, k] -> [rows, k]: one large product instead of many with the same right-hand side
    const product = matmul(reshape(a, [-1, k]), b, options);
    return reshape(product, [...a.shape.slice(0, -1), n]);
  }
  const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
  return new Tensor(
    { kind: "matmul", transposeA, transposeB },
    [
      broadcastTo(a, [...batch, aRows, aColumns]),
      broadcastTo(b, [...batch, bRows, bColumns]),
    ],
    [...batch, m, n],
  );
}

/** Number of windows along an axis of `size`. */
export function windowCount(
  size: number,
  { size: window, stride, padding }: Window,
): number {
  const count = Math.floor((size + 2 * padding - window) / stride) + 1;
  if (count < 1) {
    throw new RangeError(
      `an axis of ${size} is too short for a window of ${window}`,
    );
  }
  return count;
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
  const [n, height, width, inputs] = x.shape;
  const [size, columns, weightInputs, outputs] = weight.shape;
  if (size !== columns || inputs !== weightInputs) {
    throw new RangeError(
      `convolution of [${x.shape}] with a weight of [${weight.shape}]`,
    );
  }
  const window = {
    size,
    stride: options.stride ?? 1,
    padding: options.padding ?? 0,
  };
  if (size === 1 && window.padding === 0) {
    // a 1x1 convolution in NHWC is a matrix product over the pixels that it looks at
    return matmul(
      everyNth(x, window.stride),
      reshape(weight, [inputs, outputs]),
    );
  }
  return new Tensor({ kind: "convolution", window }, [x, weight], [
    n,
    windowCount(height, window),
    windowCount(width, window),
    outputs,
  ]);
}

/** Every `stride`-th pixel in both directions: `[n, height, width, channels]` -> fewer pixels. */
function everyNth(x: Tensor, stride: number): Tensor {
  if (stride === 1) return x;
  const [n, height, width, channels] = x.shape;
  const [rows, columns] = [height, width].map((size) =>
    Math.ceil(size / stride)
  );
  const whole = pad(x, [0, 0, 0, 0], [
    0,
    rows * stride - height,
    columns * stride - width,
    0,
  ]);
  // [n, rows, stride, columns, stride, channels] -> [n, rows, columns, channels]
  const cells = reshape(whole, [n, rows, stride, columns, stride, channels]);
  const first = slice(cells, [0, 0, 0, 0, 0, 0], [
    n,
    rows,
    1,
    columns,
    1,
    channels,
  ]);
  return reshape(first, [n, rows, columns, channels]);
}

/** Gradient of a convolution with respect to its input of `shape`. */
export function convolutionInputGradient(
  gradient: Tensor,
  weight: Tensor,
  shape: Shape,
  window: Window,
): Tensor {
  return new Tensor({ kind: "convolutionInputGradient", window }, [
    gradient,
    weight,
  ], shape);
}

/** Gradient of a convolution with respect to its weight. */
export function convolutionWeightGradient(
  gradient: Tensor,
  x: Tensor,
  window: Window,
): Tensor {
  const shape = [window.size, window.size, x.shape[3], gradient.shape[3]];
  return new Tensor({ kind: "convolutionWeightGradient", window }, [
    x,
    gradient,
  ], shape);
}

function pool(mode: "max" | "average", x: Tensor, window: Window): Tensor {
  const [n, height, width, channels] = x.shape;
  if (window.padding >= window.size) {
    throw new RangeError(
      `pooling padding ${window.padding} must be below the window ${window.size}`,
    );
  }
  return new Tensor({ kind: "pool", mode, window }, [x], [
    n,
    windowCount(height, window),
    windowCount(width, window),
    channels,
  ]);
}

/** Largest value of each window of `[n, height, width, channels]`; the first of equals gets the gradient. */
export const maxPool = (x: Tensor, window: Window): Tensor =>
  pool("max", x, window);

/** Mean of each window of `[n, height, width, channels]`, padding counted as zeros. */
export const averagePool = (x: Tensor, window: Window): Tensor =>
  pool("average", x, window);

/** Gradient of a pooling with respect to its input `x`. */
export function poolGradient(
  mode: "max" | "average",
  gradient: Tensor,
  x: Tensor,
  window: Window,
): Tensor {
  return new Tensor(
    { kind: "poolGradient", mode, window },
    [gradient, x],
    x.shape,
  );
}
