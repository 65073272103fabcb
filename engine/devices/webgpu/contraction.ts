import type { View } from "../../compile/expression.ts";
import type {
  ConvolutionKernel,
  ImageGeometry,
  MatmulKernel,
} from "../../compile/kernel.ts";
import { sizeOf } from "../../graph/tensor.ts";
import type { Matrix, Product } from "./matrix.ts";
import { lowerProduct, type ProductSchemeName } from "./product.ts";
import type { Operand } from "./operand.ts";
import { type Lowered, unravel } from "./shader.ts";

/**
 * Matrix products and the three passes of a convolution as products of two operands:
 *
 *     forward          y  [pixels of y, outputs] = patches of x [.., taps x inputs] * weight
 *     inputGradient    dx [pixels of x, inputs] = patches of dy [.., taps x outputs] * weight, transposed
 *     weightGradient   dw [taps x inputs, outputs] = patches of x, transposed [.., pixels of y] * dy
 *
 * A pixel is an image, a row and a column; a tap is a row and a column of the window.
 */

/** Lowers a batch of matrix products. */
export function lowerMatmul(
  kernel: MatmulKernel,
  [a, b]: readonly Operand[],
  output: Operand,
  scheme: ProductSchemeName,
): Lowered {
  const rank = kernel.batch.length;
  const product = {
    ...kernel,
    batch: sizeOf(kernel.batch),
    a: strided(a, kernel.batch, kernel.a, rank, rank + 1),
    b: strided(b, kernel.batch, kernel.b, rank + 1, rank),
  };
  return lowerProduct(product, output, scheme);
}

/** Lowers one pass of a convolution. */
export function lowerConvolution(
  { pass, geometry }: ConvolutionKernel,
  [first, second]: readonly Operand[],
  output: Operand,
  scheme: ProductSchemeName,
): Lowered {
  return lowerProduct(products[pass](geometry, first, second), output, scheme);
}

/** An operand whose position is affine in its indices; strides `side` and `inner` of the view are those of the two. */
function strided(
  operand: Operand,
  batch: readonly number[],
  view: View,
  side: number,
  inner: number,
): Matrix {
  const names = batch.map((_, i) => `batch${i}`);
  const terms = names.map((name, i) => `${name} * ${view.strides[i] >>> 0}u + `)
    .join("");
  return {
    operand,
    contiguous: view.strides[inner] === 1 ? "inner" : "side",
    side: `${unravel("batch", batch, names)}
return vec3(${terms}index * ${view.strides[side] >>> 0}u + ${
      view.offset >>> 0
    }u, 0u, 0u);`,
    inner: `return vec3(index * ${view.strides[inner] >>> 0}u, 0u, 0u);`,
    position: "return side.x + inner.x;",
    padded: false,
    sideRun: { length: Infinity, step: view.strides[side] },
    innerRun: { length: Infinity, step: view.strides[inner] },
  };
}

/** A row-major matrix whose rows are the inner index. */
function rowMajor(operand: Operand, columns: number): Matrix {
  return strided(operand, [], { offset: 0, strides: [columns, 1] }, 1, 0);
}

const products: Record<
  ConvolutionKernel["pass"],
  (geometry: ImageGeometry, first: Operand, second: Operand) => Product
> = {
  forward: (geometry, x, weight) => ({
    batch: 1,
    m: geometry.n * geometry.outHeight * geometry.outWidth,
    n: geometry.outputs,
    k: geometry.window.size ** 2 * geometry.inputs,
    a: patches(x, geometry),
    b: rowMajor(weight, geometry.outputs),
  }),
  inputGradient: (geometry, gradient, weight) => ({
    batch: 1,
    m: geometry.n * geometry.height * geometry.width,
    n: geometry.inputs,
    k: geometry.window.size ** 2 * geometry.outputs,
    a: gradientPatches(gradient, geometry),
    b: transposedTaps(weight, geometry),
  }),
  weightGradient: (geometry, x, gradient) => ({
    batch: 1,
    m: geometry.window.size ** 2 * geometry.inputs,
    n: geometry.outputs,
    k: geometry.n * geometry.outHeight * geometry.outWidth,
    a: transpose(patches(x, geometry)),
    b: rowMajor(gradient, geometry.outputs),
  }),
};

/** The same matrix with its indices exchanged; only for matrices that add both contributions alike. */
function transpose(matrix: Matrix): Matrix {
  return {
    ...matrix,
    contiguous: matrix.contiguous === "side" ? "inner" : "side",
    side: matrix.inner,
    inner: matrix.side,
    sideRun: matrix.innerRun,
    innerRun: matrix.sideRun,
  };
}

/** Contribution of a pixel of `height` x `width`: where its image begins, then the given row and column. */
function pixel(
  height: number,
  width: number,
  imageSize: number,
  row: string,
  column: string,
): string {
  return `${unravel("index", [0, height, width], ["image", "y", "x"])}
return vec3(image * ${imageSize}u, ${row}, ${column});`;
}

/** Contribution of a tap and channel: the channel, then row and column in the window. */
function tap({ window: { size } }: ImageGeometry, channels: number): string {
  return `${unravel("index", [size, size, channels], ["y", "x", "channel"])}
return vec3(channel, y, x);`;
}

/** Pixels of the output by taps and input channels. Rows above the image wrap to large numbers. */
function patches(x: Operand, geometry: ImageGeometry): Matrix {
  const {
    height,
    width,
    inputs,
    outHeight,
    outWidth,
    window: { stride, padding },
  } = geometry;
  const firstTap = (axis: string) => `${axis} * ${stride}u - ${padding}u`;
  const outside =
    `if (y >= ${height}u || x >= ${width}u) { return OUTSIDE; }\n`;
  return {
    operand: x,
    contiguous: "inner",
    side: pixel(
      outHeight,
      outWidth,
      height * width * inputs,
      firstTap("y"),
      firstTap("x"),
    ),
    inner: tap(geometry, inputs),
    position: `let y = side.y + inner.y;
let x = side.z + inner.z;
${
      padding === 0
        ? ""
        : outside
    }return side.x + inner.x + (y * ${width}u + x) * ${inputs}u;`,
    padded: padding !== 0,
    sideRun: { length: 1, step: 0 },
    innerRun: { length: inputs, step: 1 },
  };
}

/** Pixels of the input by taps and output channels: the gradients to which the pixel contributed. */
function gradientPatches(gradient: Operand, geometry: ImageGeometry): Matrix {
  const {
    height,
    width,
    outHeight,
    outWidth,
    outputs,
    window: { stride, padding },
  } = geometry;
  const between =
    `if (y % ${stride}u != 0u || x % ${stride}u != 0u) { return OUTSIDE; }
y /= ${stride}u;
x /= ${stride}u;
`;
  return {
    operand: gradient,
    contiguous: "inner",
    side: pixel(
      height,
      width,
      outHeight * outWidth * outputs,
      `y + ${padding}u`,
      `x + ${padding}u`,
    ),
    inner: tap(geometry, outputs),
    position: `var y = side.y - inner.y;
var x = side.z - inner.z;
${
      stride === 1
        ? ""
        : between
    }if (y >= ${outHeight}u || x >= ${outWidth}u) { return OUTSIDE; }
return side.x + inner.x + (y * ${outWidth}u + x) * ${outputs}u;`,
    padded: true,
    sideRun: { length: 1, step: 0 },
    innerRun: { length: outputs, step: 1 },
  };
}

/** Input channels by taps and output channels of a weight `[size, size, inputs, outputs]`. */
function transposedTaps(
  weight: Operand,
  { inputs, outputs }: ImageGeometry,
): Matrix {
  return {
    operand: weight,
    contiguous: "inner",
    side: `return vec3(index * ${outputs}u, 0u, 0u);`,
    inner: `return vec3(index / ${outputs}u * ${
      inputs * outputs
    }u + index % ${outputs}u, 0u, 0u);`,
    position: "return side.x + inner.x;",
    padded: false,
    sideRun: { length: Infinity, step: outputs },
    innerRun: { length: outputs, step: 1 },
  };
}
