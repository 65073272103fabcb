import { philox } from "../../engine/ops/random.ts";
import {
  type DType,
  sameShape,
  type Shape,
  type Storage,
  type Tensor,
} from "../../engine/graph/tensor.ts";
import type { Window } from "../../engine/ops/window.ts";
import type {
  BinaryName,
  UnaryName,
} from "../../engine/ops/elementwise_operations.ts";
import type { TrainingWork } from "../work.ts";

/** An array of a library, or a number that broadcasts to any shape. */
export type Operand<Value> = Value | number;

/**
 * Operations of an array library, with the meaning that the engine gives to their names. They leave
 * their arguments as they are, and the library can differentiate what is made of them.
 */
export interface Operations<Value extends { readonly shape: Shape }> {
  /** Those that the losses use. */
  readonly unary: Partial<Record<UnaryName, (x: Operand<Value>) => Value>>;
  readonly binary: Record<
    BinaryName,
    (a: Operand<Value>, b: Operand<Value>, dtype: DType) => Value
  >;
  relu(x: Operand<Value>): Value;
  /** `a` where `condition` is not 0, else `b`. */
  select(
    condition: Operand<Value>,
    a: Operand<Value>,
    b: Operand<Value>,
    dtype: DType,
  ): Value;
  cast(x: Operand<Value>, dtype: DType): Value;
  stopGradient(x: Value): Value;
  full(shape: Shape, value: number, dtype: DType): Value;
  broadcast(x: Value, shape: Shape): Value;
  reshape(x: Value, shape: Shape): Value;
  permute(x: Value, axes: readonly number[]): Value;
  slice(x: Value, starts: readonly number[], sizes: Shape): Value;
  pad(x: Value, before: readonly number[], after: readonly number[]): Value;
  concatenate(parts: readonly Value[], axis: number): Value;
  /** The reduced axes stay, with size 1. */
  reduce(name: "sum" | "max", x: Value, axes: readonly number[]): Value;
  /** Along the last axis. */
  softmax(x: Value): Value;
  matmul(a: Value, b: Value, transposeA: boolean, transposeB: boolean): Value;
  /** NHWC, weight `[size, size, inputs, outputs]`. */
  convolution(x: Value, weight: Value, window: Window): Value;
  /** NHWC */
  maxPool(x: Value, window: Window): Value;
  gather(table: Value, indices: Value): Value;
  scatterAdd(rows: number, indices: Value, updates: Value): Value;
  /** Frees an array that is needed no longer, in a library that counts references. */
  release?(x: Value): void;
}

/** Values that a graph gets from the host. */
export interface HostValues {
  readonly values:
    | Float32Array<ArrayBuffer>
    | Int32Array<ArrayBuffer>
    | Uint32Array<ArrayBuffer>;
  /** May have size 1 where the node repeats its values. */
  readonly shape: Shape;
}

/** What the loss of a piece of work gets from the host besides its parameters: feeds, statistics, random numbers. */
export function hostValues(work: TrainingWork): Map<Tensor, HostValues> {
  const parameters = new Set(work.parameters.values());
  const found = new Map<Tensor, HostValues>();
  for (const node of evaluationOrder(work.loss)) {
    const values = parameters.has(node) ? undefined : onHost(node, work.feeds);
    if (values) found.set(node, values);
  }
  return found;
}

function onHost(
  { operation, shape, size, inputs }: Tensor,
  feeds: TrainingWork["feeds"],
): HostValues | undefined {
  switch (operation.kind) {
    case "input":
      return { values: feeds[operation.name], shape };
    case "state":
      return {
        values: stateValues(operation.storage, operation.offset, size),
        shape,
      };
    case "iota":
      return {
        values: Int32Array.from({ length: shape[operation.axis] }, (_, i) => i),
        shape: shape.map((length, axis) =>
          axis === operation.axis ? length : 1
        ),
      };
    case "random": {
      const [key] = inputs;
      if (key.operation.kind !== "input") {
        throw new TypeError("the key of random numbers is not an input");
      }
      const [seed, step] = feeds[key.operation.name];
      const values = Float32Array.from(
        { length: size },
        (_, i) => (philox(seed, operation.stream, step, i) >>> 8) * 2 ** -24,
      );
      return { values, shape };
    }
  }
}

/** The first content of a part of a storage. */
function stateValues(
  { initial, size: total }: Storage,
  offset: number,
  size: number,
): Float32Array<ArrayBuffer> {
  return Float32Array.from(initial ?? new Float32Array(total)).slice(
    offset,
    offset + size,
  );
}

/** The first values of the parameters. */
export function initialParameters(work: TrainingWork): HostValues[] {
  return [...work.parameters.values()].map((node) => onHost(node, work.feeds)!);
}

/**
 * Evaluates a graph with the operations of another library, so that the library can differentiate
 * it by its own means: hand-written gradients are left out.
 *
 * @param leaf gives the values of parameters and of what {@linkcode hostValues} lists
 */
export function interpret<Value extends { readonly shape: Shape }>(
  loss: Tensor,
  leaf: (node: Tensor) => Value | undefined,
  operations: Operations<Value>,
): Value {
  const made: Value[] = [];
  const own = (value: Value) => {
    made.push(value);
    return value;
  };
  // a value may be smaller than its node: it is repeated only for operations that do not broadcast
  const values = new Map<Tensor, Operand<Value>>();
  const small = (node: Tensor) => values.get(node)!;
  const whole = (node: Tensor) => {
    const value = small(node);
    if (typeof value === "number") {
      return own(operations.full(node.shape, value, node.dtype));
    }
    return sameShape(value.shape, node.shape)
      ? value
      : own(operations.broadcast(value, node.shape));
  };
  const order = evaluationOrder(loss);
  const opened = openedStops(order);
  for (const node of order) {
    const value = leaf(node) ?? alias(node, small, opened);
    values.set(node, value ?? own(compute(node, small, whole, operations)));
  }
  const result = whole(loss);
  for (const value of made) if (value !== result) operations.release?.(value);
  return result;
}

/** Nodes that the loss depends on, inputs before their users. */
function evaluationOrder(loss: Tensor): Tensor[] {
  const seen = new Set<Tensor>([loss]);
  // a set also visits what is added on the way
  for (const node of seen) for (const source of sources(node)) seen.add(source);
  return [...seen].sort((a, b) => a.id - b.id);
}

/**
 * Where a gradient is stopped only because a hand-written one takes its place: inside the value of a
 * `customGradient`, in front of what that has a gradient for.
 */
function openedStops(nodes: readonly Tensor[]): Set<Tensor> {
  const opened = new Set<Tensor>();
  for (const { operation, inputs: [value, ...targets] } of nodes) {
    if (operation.kind !== "customGradient") continue;
    const inside = new Set([value]);
    for (const node of inside) {
      const isStop = node.operation.kind === "stopGradient";
      if (isStop && targets.includes(node.inputs[0])) opened.add(node);
      const ends = isStop || targets.includes(node);
      if (!ends) { for (const source of node.inputs) inside.add(source); }
    }
  }
  return opened;
}

/** The inputs that a node is computed from here. */
function sources(node: Tensor): readonly Tensor[] {
  switch (node.operation.kind) {
    case "random":
      return [];
    case "customGradient":
      return [softmaxInput(node) ?? node.inputs[0]];
    default:
      return node.inputs;
  }
}

/** The `x` of `softmax(x)`, if a node is that: libraries have their own, with a shorter gradient. */
function softmaxInput({ operation, inputs }: Tensor): Tensor | undefined {
  if (operation.kind !== "customGradient") return undefined;
  const [quotient, x] = inputs;
  const [exponentials] = quotient.inputs;
  const isSoftmax = isOperation(quotient, "divide") &&
    isOperation(exponentials, "exp") && exponentials.inputs[0].inputs[0] === x;
  return isSoftmax ? x : undefined;
}

function isOperation(
  { operation }: Tensor,
  name: UnaryName | BinaryName,
): boolean {
  return "name" in operation && operation.name === name;
}

/** The value of a node that adds nothing to its input. */
function alias<Value>(
  node: Tensor,
  small: (node: Tensor) => Operand<Value>,
  opened: ReadonlySet<Tensor>,
): Operand<Value> | undefined {
  switch (node.operation.kind) {
    case "constant":
      return node.operation.value;
    case "expand":
    case "materialize":
      return small(node.inputs[0]);
    case "customGradient":
      return softmaxInput(node) ? undefined : small(node.inputs[0]);
    case "stopGradient":
      return opened.has(node) ? small(node.inputs[0]) : undefined;
  }
}

function compute<Value extends { readonly shape: Shape }>(
  node: Tensor,
  small: (node: Tensor) => Operand<Value>,
  whole: (node: Tensor) => Value,
  operations: Operations<Value>,
): Value {
  const { operation, inputs: [x, y, z], shape, dtype } = node;
  switch (operation.kind) {
    case "unary": {
      const apply = operations.unary[operation.name];
      if (!apply) throw new TypeError(`${operation.name} is not known here`);
      return apply(small(x));
    }
    case "binary":
      return operation.name === "maximum" && small(y) === 0
        ? operations.relu(small(x))
        : operations.binary[operation.name](small(x), small(y), dtype);
    case "select":
      return operations.select(small(x), small(y), small(z), dtype);
    case "cast":
      return operations.cast(small(x), dtype);
    case "stopGradient":
      return operations.stopGradient(whole(x));
    case "customGradient":
      return operations.softmax(whole(softmaxInput(node)!));
    case "reduce":
      return operations.reduce(operation.name, whole(x), operation.axes);
    case "reshape":
      return operations.reshape(whole(x), shape);
    case "permute":
      return operations.permute(whole(x), operation.axes);
    case "slice":
      return operations.slice(whole(x), operation.starts, shape);
    case "pad": {
      const { before } = operation;
      const after = shape.map((size, i) => size - before[i] - x.shape[i]);
      return operations.pad(whole(x), before, after);
    }
    case "concatenate":
      return operations.concatenate(node.inputs.map(whole), operation.axis);
    case "matmul": {
      const { transposeA, transposeB } = operation;
      return operations.matmul(whole(x), whole(y), transposeA, transposeB);
    }
    case "convolution":
      return operations.convolution(whole(x), whole(y), operation.window);
    case "maxPool":
      return operations.maxPool(whole(x), operation.window);
    case "gather":
      return operations.gather(whole(x), whole(y));
    case "scatterAdd":
      return operations.scatterAdd(shape[0], whole(x), whole(y));
    default:
      throw new TypeError(`${operation.kind} ${node.id} is not known here`);
  }
}
