import {
  convolutionInputGradient,
  convolutionWeightGradient,
  matmul,
  poolGradient,
} from "../ops/contraction.ts";
import {
  add,
  divide,
  equal,
  exp,
  less,
  materialize,
  multiply,
  negate,
  select,
  square,
  subtract,
} from "../ops/elementwise.ts";
import { gather, scatterAdd } from "../ops/indexing.ts";
import { broadcastTo, pad, permute, reshape, slice } from "../ops/movement.ts";
import { sum } from "../ops/reduction.ts";
import {
  type BinaryName,
  constant,
  type Operation,
  type Tensor,
  type UnaryName,
} from "./tensor.ts";

type OperationOf<Kind extends Operation["kind"]> = Extract<
  Operation,
  { kind: Kind }
>;
type Rule<Kind extends Operation["kind"]> = (
  gradient: Tensor,
  node: Tensor,
  operation: OperationOf<Kind>,
) => (Tensor | undefined)[];

/** Derivative of each elementwise function of one argument, times the incoming gradient. */
const unaryRules: Record<
  UnaryName,
  (gradient: Tensor, x: Tensor, y: Tensor) => Tensor | undefined
> = {
  negate: (gradient) => negate(gradient),
  exp: (gradient, _x, y) => multiply(gradient, y),
  log: (gradient, x) => divide(gradient, x),
  sqrt: (gradient, _x, y) => divide(multiply(gradient, 0.5), y),
  tanh: (gradient, _x, y) => multiply(gradient, subtract(1, square(y))),
  erf: (gradient, x) =>
    multiply(
      gradient,
      multiply(exp(negate(square(x))), 2 / Math.sqrt(Math.PI)),
    ),
  abs: (gradient, x) => select(less(x, 0), negate(gradient), gradient),
  floor: () => undefined,
};

/** The same for functions of two arguments of one shape. */
const binaryRules: Record<
  BinaryName,
  (gradient: Tensor, a: Tensor, b: Tensor, y: Tensor) => (Tensor | undefined)[]
> = {
  add: (gradient) => [gradient, gradient],
  subtract: (gradient) => [gradient, negate(gradient)],
  multiply: (gradient, a, b) => [multiply(gradient, b), multiply(gradient, a)],
  divide: (gradient, _a, b, y) => {
    const quotient = divide(gradient, b);
    return [quotient, negate(multiply(quotient, y))];
  },
  // compared with the result, which is stored more often than the argument
  maximum: (gradient, _a, b, y) => split(gradient, less(b, y)),
  minimum: (gradient, _a, b, y) => split(gradient, less(y, b)),
  less: () => [],
  equal: () => [],
};

/** The gradient where `condition` holds, and where it does not. */
function split(gradient: Tensor, condition: Tensor): Tensor[] {
  return [select(condition, gradient, 0), select(condition, 0, gradient)];
}

/** One rule per operation; operations that no gradient passes through are absent. */
const rules: { [Kind in Operation["kind"]]?: Rule<Kind> } = {
  unary: (
    gradient,
    node,
    { name },
  ) => [unaryRules[name](gradient, node.inputs[0], node)],
  binary: (gradient, node, { name }) =>
    binaryRules[name](gradient, node.inputs[0], node.inputs[1], node),
  select: (gradient, node) => [undefined, ...split(gradient, node.inputs[0])],
  reduce: (gradient, node, { name, axes }) => {
    const [x] = node.inputs;
    const spread = broadcastTo(gradient, x.shape);
    if (name === "sum") return [spread];
    const largest = equal(materialize(x), broadcastTo(node, x.shape));
    return [
      multiply(largest, divide(spread, sum(largest, { axes, keepAxes: true }))),
    ];
  },
  materialize: (gradient) => [gradient],
  reshape: (gradient, node) => [reshape(gradient, node.inputs[0].shape)],
  permute: (
    gradient,
    _node,
    { axes },
  ) => [permute(gradient, axes.map((_, axis) => axes.indexOf(axis)))],
  expand: (gradient, node) => {
    const [x] = node.inputs;
    const axes = x.shape.flatMap((size, axis) =>
      size === node.shape[axis] ? [] : [axis]
    );
    return [sum(gradient, { axes, keepAxes: true })];
  },
  slice: (gradient, node, { starts }) => {
    const [x] = node.inputs;
    return [
      pad(
        gradient,
        starts,
        x.shape.map((size, i) => size - starts[i] - node.shape[i]),
      ),
    ];
  },
  pad: (
    gradient,
    node,
    { before },
  ) => [slice(gradient, before, node.inputs[0].shape)],
  concatenate: (gradient, node, { axis }) => {
    let start = 0;
    return node.inputs.map((part) => {
      const starts = part.shape.map((_, i) => i === axis ? start : 0);
      start += part.shape[axis];
      return slice(gradient, starts, part.shape);
    });
  },
  matmul: (gradient, node, { transposeA, transposeB }) => {
    const [a, b] = node.inputs;
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
  convolution: (gradient, node, { window }) => {
    const [x, weight] = node.inputs;
    return [
      convolutionInputGradient(gradient, weight, x.shape, window),
      convolutionWeightGradient(gradient, x, window),
    ];
  },
  pool: (
    gradient,
    node,
    { mode, window },
  ) => [poolGradient(mode, gradient, node.inputs[0], window)],
  gather: (gradient, node) => {
    const [table, indices] = node.inputs;
    return [scatterAdd(table.shape[0], indices, gradient), undefined];
  },
  scatterAdd: (gradient, node) => [undefined, gather(gradient, node.inputs[0])],
  customGradient: (gradient, _node, { backward }) => backward(gradient),
};

/** Operations that end the flow of gradients on purpose. */
const withoutGradient = new Set<Operation["kind"]>([
  "stopGradient",
  "cast",
  "random",
]);

/** All nodes that `roots` depend on, inputs before their users. */
export function reachable(roots: readonly Tensor[]): Tensor[] {
  const seen = new Set<Tensor>();
  const pending = [...roots];
  for (let node = pending.pop(); node; node = pending.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    pending.push(...node.inputs);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}

/**
 * Reverse-mode differentiation on the graph: tensors for the gradients of `loss` (one element) with
 * respect to `targets`. A target that the loss does not depend on gets zeros.
 *
 * @throws {RangeError} if the loss has more than one element.
 */
export function gradient(loss: Tensor, targets: readonly Tensor[]): Tensor[] {
  if (loss.size !== 1) {
    throw new RangeError(`a loss has one element, not [${loss.shape}]`);
  }
  const nodes = reachable([loss]);
  const wanted = new Set(targets);
  for (const node of nodes) {
    if (node.inputs.some((input) => wanted.has(input))) wanted.add(node);
  }
  const gradients = new Map<Tensor, Tensor>([[loss, constant(1, loss.shape)]]);
  for (const node of nodes.reverse()) {
    const incoming = gradients.get(node);
    if (!incoming || !wanted.has(node)) continue;
    const rule = rules[node.operation.kind] as
      | Rule<Operation["kind"]>
      | undefined;
    if (
      !rule && node.inputs.length > 0 &&
      !withoutGradient.has(node.operation.kind)
    ) {
      throw new TypeError(`${node.operation.kind} has no gradient rule`);
    }
    const contributions = rule?.(incoming, node, node.operation) ?? [];
    node.inputs.forEach((input, i) => {
      const contribution = contributions[i];
      if (!contribution || !wanted.has(input) || input.dtype !== "f32") return;
      const earlier = gradients.get(input);
      gradients.set(input, earlier ? add(earlier, contribution) : contribution);
    });
  }
  return targets.map((target) =>
    gradients.get(target) ?? constant(0, target.shape)
  );
}
