import type { View } from "../../../../engine/compile/expression.ts";
import type {
  ConvolutionKernel,
  MatmulKernel,
} from "../../../../engine/compile/kernel.ts";

/** A batch of matrix products by its definition, in float64. */
export function naiveMatmul(
  { batch, m, n, k, a, b }: MatmulKernel,
  x: ArrayLike<number>,
  y: ArrayLike<number>,
): number[] {
  const matrices = batch.reduce((product, size) => product * size, 1);
  const result: number[] = [];
  for (let matrix = 0; matrix < matrices; matrix++) {
    const counters = batch.length === 2
      ? [Math.floor(matrix / batch[1]), matrix % batch[1]]
      : [matrix];
    const startOf = ({ offset, strides }: View) =>
      batch.reduce(
        (start, _, loop) => start + counters[loop] * strides[loop],
        offset,
      );
    const [xStart, yStart] = [startOf(a), startOf(b)];
    const [xRow, xInner] = a.strides.slice(-2);
    const [yInner, yColumn] = b.strides.slice(-2);
    for (let row = 0; row < m; row++) {
      for (let column = 0; column < n; column++) {
        let sum = 0;
        for (let l = 0; l < k; l++) {
          sum += x[xStart + row * xRow + l * xInner] *
            y[yStart + l * yInner + column * yColumn];
        }
        result.push(sum);
      }
    }
  }
  return result;
}

/** One pass of a convolution in float64: every product of the definition goes where that pass adds it. */
export function naiveConvolution(
  { pass, geometry }: ConvolutionKernel,
  first: ArrayLike<number>,
  second: ArrayLike<number>,
): Float64Array {
  const { n, height, width, inputs, outHeight, outWidth, outputs, window } =
    geometry;
  const { size, stride, padding } = window;
  const sizes = {
    forward: n * outHeight * outWidth * outputs,
    inputGradient: n * height * width * inputs,
    weightGradient: size * size * inputs * outputs,
  };
  const result = new Float64Array(sizes[pass]);
  for (let image = 0; image < n; image++) {
    for (let row = 0; row < outHeight; row++) {
      for (let column = 0; column < outWidth; column++) {
        for (let tap = 0; tap < size * size; tap++) {
          const y = row * stride - padding + Math.floor(tap / size);
          const x = column * stride - padding + tap % size;
          if (y < 0 || y >= height || x < 0 || x >= width) continue;
          for (let i = 0; i < inputs; i++) {
            for (let o = 0; o < outputs; o++) {
              const inX = ((image * height + y) * width + x) * inputs + i;
              const inWeight = (tap * inputs + i) * outputs + o;
              const inY =
                ((image * outHeight + row) * outWidth + column) * outputs + o;
              if (pass === "forward") {
                result[inY] += first[inX] * second[inWeight];
              } else if (pass === "inputGradient") {
                result[inX] += first[inY] * second[inWeight];
              } else result[inWeight] += first[inX] * second[inY];
            }
          }
        }
      }
    }
  }
  return result;
}
