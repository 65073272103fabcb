import type { ConvolutionKernel, MatmulKernel } from "../../../engine/kernel.ts";

/** A batch of matrix products by its definition, in float64. */
export function naiveMatmul(
  { batch, m, n, k, a, b }: MatmulKernel,
  x: ArrayLike<number>,
  y: ArrayLike<number>,
): number[] {
  const [outer = 1, inner = 1] = batch.length === 1 ? [1, batch[0]] : batch;
  const at = (view: MatmulKernel["a"], i: number, j: number, row: number, column: number) => {
    const counters = [...[i, j].slice(2 - batch.length), row, column];
    return counters.reduce((sum, counter, loop) => sum + counter * view.strides[loop], view.offset);
  };
  const result: number[] = [];
  for (let i = 0; i < outer; i++) {
    for (let j = 0; j < inner; j++) {
      for (let row = 0; row < m; row++) {
        for (let column = 0; column < n; column++) {
          let sum = 0;
          for (let l = 0; l < k; l++) sum += x[at(a, i, j, row, l)] * y[at(b, i, j, l, column)];
          result.push(sum);
        }
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
  const { n, height, width, inputs, outHeight, outWidth, outputs, window } = geometry;
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
              const inY = ((image * outHeight + row) * outWidth + column) * outputs + o;
              if (pass === "forward") result[inY] += first[inX] * second[inWeight];
              else if (pass === "inputGradient") result[inX] += first[inY] * second[inWeight];
              else result[inWeight] += first[inX] * second[inY];
            }
          }
        }
      }
    }
  }
  return result;
}
