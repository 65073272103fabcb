import { apply, type Definitions } from "../graph/definition.ts";
import {
  broadcastShapes,
  checkNatural,
  checkPositive,
  sameShape,
  type Shape,
  type Tensor,
} from "../graph/tensor.ts";
import { broadcastTo, pad, reshape, slice } from "./movement.ts";

/** Geometry of a convolution or pooling window, NHWC, the same in both directions. */
export interface Window {
  /** Height and width of the window. */
  readonly size: number;
  /** Step between windows. */
  readonly stride: number;
  /** Zeros (for a maximum: nothing) added on each side. */
  readonly padding: number;
}

/** A batch of matrix products over the last two axes. */
export interface MatmulOperation {
  /** The discriminant of `Operation`. */
  readonly kind: "matmul";
  /** Whether the last two axes of the first operand are exchanged. */
  readonly transposeA: boolean;
  /** Whether the last two axes of the second operand are exchanged. */
  readonly transposeB: boolean;
}

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

/** The largest value of each window of an image. */
export interface MaxPoolOperation {
  /** The discriminant of `Operation`. */
  readonly kind: "maxPool";
  /** Geometry of the window. */
  readonly window: Window;
}

/** Gradient of a max pooling with respect to its image: gradient of the result, image -> gradient. */
export interface MaxPoolGradientOperation {
  /** The discriminant of `Operation`. */
  readonly kind: "maxPoolGradient";
  /** Geometry of the window. */
  readonly window: Window;
}

/** Matrix products, and operations on the windows of images. */
export type ContractionOperation =
  | MatmulOperation
  | ConvolutionOperation
  | ConvolutionInputGradientOperation
  | ConvolutionWeightGradientOperation
  | MaxPoolOperation
  | MaxPoolGradientOperation;

/**
 * Definitions of matrix products, and of the operations on the windows of images.
 *
 * @internal
 */
export const contraction: Definitions<ContractionOperation, "kernel"> = {
  matmul: {
    role: "kernel",
    operands: "strided",
    infer(operation, [a, b]) {
      checkFloats("matmul", a, b);
      const { m, n } = productSizes(a.shape, b.shape, operation);
      const batch = a.shape.slice(0, -2);
      if (!sameShape(batch, b.shape.slice(0, -2))) {
        throw new RangeError(
          `matmul of [${a.shape}] and [${b.shape}]: leading axes differ`,
        );
      }
      return { shape: [...batch, m, n], dtype: "f32" };
    },
    gradient(gradient, { inputs: [a, b] }, { transposeA, transposeB }) {
      // y = a b  =>  da = dy b^T, db = a^T dy, each transposed again where its operand was
      return [
        transposeA
          ? matmul(b, gradient, { transposeA: transposeB, transposeB: true })
          : matmul(gradient, b, { transposeB: !transposeB }),
        transposeB
          ? matmul(gradient, a, { transposeA: true, transposeB: transposeA })
          : matmul(a, gradient, { transposeA: !transposeA }),
      ];
    },
  },
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
  maxPool: {
    role: "kernel",
    operands: "stored",
    infer({ window }, [x]) {
      checkFloats("maxPool", x);
      return { shape: pooledShape(x.shape, window), dtype: "f32" };
    },
    gradient: (gradient, { inputs: [x] }, { window }) => [
      apply(
        contraction.maxPoolGradient,
        { kind: "maxPoolGradient", window },
        [gradient, x],
      ),
    ],
  },
  maxPoolGradient: {
    role: "kernel",
    operands: "stored",
    infer({ window }, [gradient, x]) {
      checkFloats("maxPoolGradient", gradient, x);
      checkGradient(gradient, pooledShape(x.shape, window));
      return { shape: x.shape, dtype: "f32" };
    },
    gradient: () => "unsupported",
  },
};

function checkFloats(name: string, ...tensors: readonly Tensor[]): void {
  for (const { dtype } of tensors) {
    if (dtype !== "f32") {
      throw new TypeError(`${name} needs f32, not ${dtype}; cast it`);
    }
  }
}

function checkImage(name: string, shape: Shape): void {
  if (shape.length !== 4) {
    throw new RangeError(
      `${name} needs an image [n, height, width, channels], not [${shape}]`,
    );
  }
}

function checkGradient({ shape }: Tensor, expected: Shape): void {
  if (!sameShape(shape, expected)) {
    throw new RangeError(
      `the gradient of [${expected}] must have that shape, not [${shape}]`,
    );
  }
}

/** `[m, k]` times `[k, n]`, whatever is transposed and leads. */
function productSizes(
  a: Shape,
  b: Shape,
  { transposeA, transposeB }: TransposeOptions,
): { readonly m: number; readonly n: number; readonly k: number } {
  if (a.length < 2 || b.length < 2) {
    throw new RangeError(
      `matmul of [${a}] and [${b}]: both need at least two axes`,
    );
  }
  const [aRows, aColumns] = a.slice(-2);
  const [bRows, bColumns] = b.slice(-2);
  const [m, k] = transposeA ? [aColumns, aRows] : [aRows, aColumns];
  const [inner, n] = transposeB ? [bColumns, bRows] : [bRows, bColumns];
  if (k !== inner) {
    throw new RangeError(
      `matmul of [${a}] and [${b}]: inner sizes ${k} and ${inner} differ`,
    );
  }
  return { m, n, k };
}

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

/** Shape of the result of a pooling. */
function pooledShape(x: Shape, window: Window): Shape {
  checkImage("maxPool", x);
  const [n, height, width, channels] = x;
  const rows = windowCount(height, window);
  const columns = windowCount(width, window);
  if (window.padding >= window.size) {
    throw new RangeError(
      `pooling padding ${window.padding} must be below the window ${window.size}`,
    );
  }
  return [n, rows, columns, channels];
}

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
  const { n, k } = productSizes(a.shape, b.shape, options);
  if (b.shape.length === 2 && a.shape.length > 2 && !transposeA) {
    // [..., m, k] -> [rows, k]: one large product instead of many with the same right-hand side
    const product = matmul(reshape(a, [-1, k]), b, options);
    // [rows, n] -> [..., m, n]
    return reshape(product, [...a.shape.slice(0, -1), n]);
  }
  const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
  return apply(
    contraction.matmul,
    { kind: "matmul", transposeA, transposeB },
    [a, b].map((operand) =>
      broadcastTo(operand, [...batch, ...operand.shape.slice(-2)])
    ),
  );
}

/**
 * Number of windows along an axis of `size`.
 *
 * @throws {RangeError} if there is none, or size, stride or padding of the window are not whole
 * numbers of at least 1, 1 and 0.
 */
export function windowCount(size: number, window: Window): number {
  checkPositive(window.size, "the size of a window");
  checkPositive(window.stride, "the stride of a window");
  checkNatural(window.padding, "the padding of a window");
  const count =
    Math.floor((size + 2 * window.padding - window.size) / window.stride) + 1;
  if (count < 1) {
    throw new RangeError(
      `an axis of ${size} is too short for a window of ${window.size}`,
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
    contraction.convolution,
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
    contraction.convolutionInputGradient,
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
    contraction.convolutionWeightGradient,
    { kind: "convolutionWeightGradient", window },
    [x, gradient],
  );
}

/**
 * Largest value of each window of `[n, height, width, channels]`; the first of equals gets the
 * gradient.
 *
 * @throws {RangeError} if `x` is not an image, or no window fits into it.
 */
export function maxPool(x: Tensor, window: Window): Tensor {
  return apply(contraction.maxPool, { kind: "maxPool", window }, [x]);
}
