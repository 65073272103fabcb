import { reachable } from "../../engine/graph/gradient.ts";
import { philox } from "../../engine/ops/random.ts";
import { type Shape, sizeOf, type Tensor } from "../../engine/graph/tensor.ts";
import type { Window } from "../../engine/ops/window.ts";
import type {
  BinaryName,
  UnaryName,
} from "../../engine/ops/elementwise_operations.ts";

/** Values of inputs, and of states by the name of their storage. */
export type Values = Readonly<Record<string, ArrayLike<number>>>;

/** What the value of a node is, given those of its inputs. */
export type Compute = (
  node: Tensor,
  inputs: Float64Array[],
  values: Values,
) => Float64Array;

/**
 * Evaluates a graph node by node in float64, each operation written as plainly as possible: the
 * reference for the devices.
 *
 * @param known values of nodes computed before, to which those of this graph are added
 */
export function evaluate(
  roots: readonly Tensor[],
  values: Values = {},
  known: Map<Tensor, Float64Array> = new Map(),
  computeNode: Compute = compute,
): Float64Array[] {
  for (const node of reachable(roots)) {
    if (known.has(node)) continue;
    const inputs = node.inputs.map((input) => known.get(input)!);
    known.set(node, computeNode(node, inputs, values));
  }
  return roots.map((root) => known.get(root)!);
}

/** Calls `visit` with every position of a shape and its row-major number. */
function each(
  shape: Shape,
  visit: (position: number[], flat: number) => void,
): void {
  const position = shape.map(() => 0);
  for (let flat = 0; flat < sizeOf(shape); flat++) {
    visit([...position], flat);
    let axis = shape.length - 1;
    while (axis >= 0 && ++position[axis] === shape[axis]) position[axis--] = 0;
  }
}

function at(position: readonly number[], shape: Shape): number {
  return shape.reduce((flat, size, axis) => flat * size + position[axis], 0);
}

/** Elementwise functions of one argument. */
export const unary: Record<UnaryName, (x: number) => number> = {
  negate: (x) => -x,
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  tanh: Math.tanh,
  erf,
  abs: Math.abs,
  floor: Math.floor,
  isFinite: (x) => Number.isFinite(x) ? 1 : 0,
};

/** The error function, by a series whose terms have one sign, so that nothing cancels. */
export function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; n < 200; n++) {
    term *= 2 * x * x / (2 * n + 1);
    sum += term;
  }
  return sum * 2 / Math.sqrt(Math.PI) * Math.exp(-x * x);
}

/** Elementwise functions of two arguments. */
export const binary: Record<BinaryName, (a: number, b: number) => number> = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
  maximum: Math.max,
  minimum: Math.min,
  less: (a, b) => a < b ? 1 : 0,
  equal: (a, b) => a === b ? 1 : 0,
};

/** The value of a node in float64, given those of its inputs. */
export function compute(
  node: Tensor,
  inputs: Float64Array[],
  values: Values,
): Float64Array {
  const { operation, shape } = node;
  const y = new Float64Array(node.size);
  const [x, second, third] = inputs;
  const shapes = node.inputs.map((input) => input.shape);
  switch (operation.kind) {
    case "input":
      return Float64Array.from(values[operation.name]);
    case "state": {
      const { storage, offset } = operation;
      const content = values[storage.name] ?? storage.initial ??
        new Float64Array(storage.size);
      return Float64Array.from(content).slice(offset, offset + node.size);
    }
    case "constant":
      return y.fill(operation.value);
    case "iota":
      each(shape, (position, flat) => y[flat] = position[operation.axis]);
      return y;
    case "random":
      return y.map((_, i) =>
        (philox(x[0], operation.stream, x[1], operation.start + i) >>> 8) *
        2 ** -24
      );
    case "unary":
      return y.map((_, i) => unary[operation.name](x[i]));
    case "binary":
      return y.map((_, i) => binary[operation.name](x[i], second[i]));
    case "select":
      return y.map((_, i) => x[i] !== 0 ? second[i] : third[i]);
    case "cast":
      return node.dtype === "f32" ? x : x.map(Math.trunc);
    case "reduce":
      if (operation.name === "max") y.fill(-Infinity);
      each(shapes[0], (position, flat) => {
        const target = at(
          position.map((index, axis) =>
            operation.axes.includes(axis) ? 0 : index
          ),
          shape,
        );
        y[target] = operation.name === "sum"
          ? y[target] + x[flat]
          : Math.max(y[target], x[flat]);
      });
      return y;
    case "reshape":
    case "materialize":
    case "stopGradient":
    case "customGradient":
      return x;
    case "permute":
      each(shape, (position, flat) => {
        const source = shapes[0].map((_, axis) =>
          position[operation.axes.indexOf(axis)]
        );
        y[flat] = x[at(source, shapes[0])];
      });
      return y;
    case "expand":
      each(shape, (position, flat) => {
        const source = position.map((index, axis) =>
          shapes[0][axis] === 1 ? 0 : index
        );
        y[flat] = x[at(source, shapes[0])];
      });
      return y;
    case "slice":
      each(shape, (position, flat) => {
        y[flat] = x[
          at(
            position.map((index, axis) => index + operation.starts[axis]),
            shapes[0],
          )
        ];
      });
      return y;
    case "pad":
      each(shapes[0], (position, flat) => {
        y[
          at(
            position.map((index, axis) => index + operation.before[axis]),
            shape,
          )
        ] = x[flat];
      });
      return y;
    case "concatenate": {
      let start = 0;
      inputs.forEach((part, i) => {
        each(shapes[i], (position, flat) => {
          const target = position.map((index, axis) =>
            axis === operation.axis ? index + start : index
          );
          y[at(target, shape)] = part[flat];
        });
        start += shapes[i][operation.axis];
      });
      return y;
    }
    case "matmul": {
      const { transposeA, transposeB } = operation;
      const k = shapes[0].at(transposeA ? -2 : -1)!;
      each(shape, (position, flat) => {
        const batch = position.slice(0, -2);
        const [row, column] = position.slice(-2);
        for (let i = 0; i < k; i++) {
          const a = at(
            [...batch, ...(transposeA ? [i, row] : [row, i])],
            shapes[0],
          );
          const b = at(
            [...batch, ...(transposeB ? [column, i] : [i, column])],
            shapes[1],
          );
          y[flat] += x[a] * second[b];
        }
      });
      return y;
    }
    case "convolution":
      eachTap(shapes[0], shape, operation.window, (image, result, tap) => {
        const [inputs, outputs] = [shapes[0][3], shape[3]];
        for (let i = 0; i < inputs; i++) {
          for (let o = 0; o < outputs; o++) {
            y[result * outputs + o] += x[image * inputs + i] *
              second[(tap * inputs + i) * outputs + o];
          }
        }
      });
      return y;
    case "convolutionInputGradient":
      eachTap(shape, shapes[0], operation.window, (image, result, tap) => {
        const [inputs, outputs] = [shape[3], shapes[0][3]];
        for (let i = 0; i < inputs; i++) {
          for (let o = 0; o < outputs; o++) {
            y[image * inputs + i] += x[result * outputs + o] *
              second[(tap * inputs + i) * outputs + o];
          }
        }
      });
      return y;
    case "convolutionWeightGradient":
      eachTap(shapes[0], shapes[1], operation.window, (image, result, tap) => {
        const [inputs, outputs] = [shapes[0][3], shapes[1][3]];
        for (let i = 0; i < inputs; i++) {
          for (let o = 0; o < outputs; o++) {
            y[(tap * inputs + i) * outputs + o] += x[image * inputs + i] *
              second[result * outputs + o];
          }
        }
      });
      return y;
    case "maxPool":
      y.fill(-Infinity);
      eachTap(shapes[0], shape, operation.window, (image, result) => {
        for (let c = 0; c < shape[3]; c++) {
          const target = result * shape[3] + c;
          y[target] = Math.max(y[target], x[image * shape[3] + c]);
        }
      });
      return y;
    case "maxPoolGradient": {
      const channels = shape[3];
      const best = new Int32Array(x.length).fill(-1);
      eachTap(shape, shapes[0], operation.window, (image, result) => {
        for (let c = 0; c < channels; c++) {
          const [source, target] = [
            image * channels + c,
            result * channels + c,
          ];
          if (best[target] < 0 || second[source] > second[best[target]]) {
            best[target] = source;
          }
        }
      });
      best.forEach((source, target) => y[source] += x[target]);
      return y;
    }
    case "gather": {
      const width = node.size / second.length;
      second.forEach((index, i) => {
        const row = Math.min(Math.max(index, 0), shapes[0][0] - 1);
        y.set(x.subarray(row * width, (row + 1) * width), i * width);
      });
      return y;
    }
    case "scatterAdd": {
      const width = y.length / shape[0];
      x.forEach((row, i) => {
        if (row < 0 || row >= shape[0]) return;
        for (let j = 0; j < width; j++) {
          y[row * width + j] += second[i * width + j];
        }
      });
      return y;
    }
    case "collective":
      throw new TypeError("an exchange depends on other processes");
  }
}

/** Visits all pairs of an image pixel and a result pixel that a window tap joins, taps in order. */
function eachTap(
  image: Shape,
  result: Shape,
  { size, stride, padding }: Window,
  visit: (image: number, result: number, tap: number) => void,
): void {
  each(result.slice(0, 3), ([n, top, left], flat) => {
    for (let tap = 0; tap < size * size; tap++) {
      const row = top * stride - padding + Math.floor(tap / size);
      const column = left * stride - padding + tap % size;
      if (row < 0 || row >= image[1] || column < 0 || column >= image[2]) {
        continue;
      }
      visit((n * image[1] + row) * image[2] + column, flat, tap);
    }
  });
}
