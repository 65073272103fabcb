import { input, type Tensor } from "../../engine/graph/tensor.ts";
import { matmul } from "../../engine/ops/matmul.ts";
import {
  add,
  exp,
  less,
  maximum,
  multiply,
  negate,
  select,
  subtract,
  tanh,
} from "../../engine/ops/elementwise.ts";
import { iota } from "../../engine/ops/iota.ts";
import { materialize } from "../../engine/ops/materialize.ts";
import {
  broadcastTo,
  concatenate,
  pad,
  permute,
  reshape,
  slice,
} from "../../engine/ops/movement.ts";
import { max, sum } from "../../engine/ops/reduction.ts";
import { randomArray, randomNumber } from "../random.ts";
import type { Values } from "./reference.ts";

/** Outputs of a graph and values for its inputs. */
export interface RandomGraph {
  readonly outputs: readonly Tensor[];
  readonly values: Values;
}

function pick<Item>(items: readonly Item[]): Item {
  return items[Math.floor(randomNumber(0, items.length))];
}

/** All tensors here are `[6, 4]`, or broadcast to that. */
const ROWS = 6;
const COLUMNS = 4;

const steps: readonly ((x: Tensor, y: Tensor) => Tensor)[] = [
  add,
  subtract,
  maximum,
  (x, y) => multiply(tanh(x), y),
  (x, y) => select(less(x, y), x, negate(y)),
  (x) => exp(multiply(tanh(x), 0.5)),
  (x) => materialize(x),
  (x) => add(x, iota([ROWS, COLUMNS], 1, "f32")),
  (x, y) => add(x, multiply(sum(y, { axes: [0], keepAxes: true }), 0.1)),
  (x, y) => subtract(x, max(y, { axes: [1], keepAxes: true })),
  (x) =>
    broadcastTo(sum(tanh(x), { axes: [0, 1], keepAxes: true }), [
      ROWS,
      COLUMNS,
    ]),
  (x) => permute(reshape(x, [COLUMNS, ROWS]), [1, 0]),
  (x) => reshape(permute(x, [1, 0]), [ROWS, COLUMNS]),
  (x) => reshape(reshape(x, [2, 3, COLUMNS]), [ROWS, COLUMNS]),
  (x, y) =>
    concatenate([
      slice(x, [2, 0], [4, COLUMNS]),
      slice(y, [1, 0], [2, COLUMNS]),
    ]),
  (x, y) =>
    concatenate([slice(x, [0, 0], [ROWS, 1]), slice(y, [0, 1], [ROWS, 3])], 1),
  (x) => pad(slice(x, [1, 1], [3, 2]), [2, 1], [1, 1]),
  (x, y) =>
    tanh(
      matmul(x, matmul(y, multiply(x, 0.1), { transposeA: true })),
    ),
  (x, y) =>
    tanh(
      matmul(
        permute(reshape(x, [COLUMNS, ROWS]), [1, 0]),
        slice(y, [1, 0], [
          COLUMNS,
          COLUMNS,
        ]),
      ),
    ),
];

/** A graph of elementwise functions, movements, reductions and products, as tests of the compiler need. */
export function randomGraph(size: number): RandomGraph {
  const nodes = [
    input("a", [ROWS, COLUMNS]),
    input("b", [ROWS, COLUMNS]),
    broadcastTo(input("row", [COLUMNS]), [ROWS, COLUMNS]),
    broadcastTo(input("column", [ROWS, 1]), [ROWS, COLUMNS]),
    input("c", [ROWS, COLUMNS]),
  ];
  while (nodes.length < size) {
    // mostly recent ones, so that chains get long
    nodes.push(pick(steps)(pick(nodes.slice(-6)), pick(nodes)));
  }
  return {
    outputs: [nodes[nodes.length - 1], pick(nodes.slice(5))],
    values: {
      a: randomArray(ROWS * COLUMNS),
      b: randomArray(ROWS * COLUMNS),
      c: randomArray(ROWS * COLUMNS),
      row: randomArray(COLUMNS),
      column: randomArray(ROWS),
    },
  };
}
