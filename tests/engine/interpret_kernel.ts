import type { Expression } from "../../engine/compile/expression.ts";
import type {
  Buffer,
  FusedKernel,
  Kernel,
  MatmulKernel,
  Schedule,
} from "../../engine/compile/kernel.ts";
import { wholeOf } from "../../engine/compile/memory.ts";
import type { View } from "../../engine/graph/index_map.ts";
import { sizeOf } from "../../engine/graph/tensor.ts";
import { philox } from "../../engine/ops/random.ts";
import { binary, unary, type Values } from "./reference.ts";

/** Calls `visit` with every value of the counters of `loops`, the last one fastest. */
export function eachIteration(
  loops: readonly number[],
  visit: (counters: readonly number[]) => void,
): void {
  const counters = loops.map(() => 0);
  for (let i = 0; i < sizeOf(loops); i++) {
    visit([...counters]);
    let loop = loops.length - 1;
    while (loop >= 0 && ++counters[loop] === loops[loop]) counters[loop--] = 0;
  }
}

/** The position that a view gives. */
export function positionAt(
  { offset, strides }: View,
  counters: readonly number[],
): number {
  return strides.reduce((sum, stride, i) => sum + stride * counters[i], offset);
}

/** Runs a fused kernel in float64. */
export function interpretFused(
  { loops, kept, reduction, body, epilogue, output }: FusedKernel,
  inputs: readonly ArrayLike<number>[],
  target: Float64Array,
): void {
  const value = (
    expression: Expression,
    counters: readonly number[],
    reduced: number,
  ): number => {
    const of = (child: Expression) => value(child, counters, reduced);
    switch (expression.kind) {
      case "load":
        return inputs[expression.input][positionAt(expression.view, counters)];
      case "constant":
        return expression.value;
      case "iota":
        return positionAt(expression.view, counters);
      case "random": {
        const element = positionAt(expression.counter, counters);
        const { seed, step, stream } = expression;
        return (philox(of(seed), stream, of(step), element) >>> 8) * 2 ** -24;
      }
      case "unary":
        return unary[expression.name](of(expression.argument));
      case "binary":
        return binary[expression.name](of(expression.a), of(expression.b));
      case "select":
        return of(expression.condition) !== 0
          ? of(expression.a)
          : of(expression.b);
      case "cast":
        return expression.dtype === "f32"
          ? of(expression.argument)
          : Math.trunc(of(expression.argument));
      case "reduced":
        return reduced;
    }
  };
  eachIteration(loops.slice(0, kept), (outer) => {
    let reduced = reduction === "max" ? -Infinity : 0;
    eachIteration(loops.slice(kept), (inner) => {
      const element = value(body, [...outer, ...inner], NaN);
      if (reduction === "max") reduced = Math.max(reduced, element);
      else reduced += element;
    });
    const counters = [...outer, ...loops.slice(kept).map(() => 0)];
    target[positionAt(output, counters)] = value(epilogue, counters, reduced);
  });
}

/** Runs a matrix product in float64. */
export function interpretMatmul(
  { batch, m, n, k, a, b }: MatmulKernel,
  [left, right]: readonly ArrayLike<number>[],
  target: Float64Array,
): void {
  let position = 0;
  eachIteration([...batch, m, n], (counters) => {
    const outer = counters.slice(0, -2);
    const [row, column] = counters.slice(-2);
    let sum = 0;
    for (let i = 0; i < k; i++) {
      sum += left[positionAt(a, [...outer, row, i])] *
        right[positionAt(b, [...outer, i, column])];
    }
    target[position++] = sum;
  });
}

function interpret(
  kernel: Kernel,
  inputs: readonly ArrayLike<number>[],
  target: Float64Array,
): void {
  switch (kernel.kind) {
    case "fused":
      return interpretFused(kernel, inputs, target);
    case "matmul":
      return interpretMatmul(kernel, inputs, target);
    case "zero":
      target.fill(0);
      return;
    case "copy":
      return target.set(inputs[0]);
    default:
      throw new TypeError(`${kernel.kind} is not interpreted`);
  }
}

/**
 * Runs a schedule of fused kernels and matrix products in float64.
 *
 * @param values of inputs and of storages by name; storages are overwritten
 * @returns the outputs
 */
export function interpretSchedule(
  { dispatches, outputs }: Schedule,
  values: Values,
): Float64Array[] {
  const memory = new Map<string | Buffer, Float64Array>();
  const contentOf = (part: Buffer): Float64Array => {
    const { buffer, offset } = wholeOf(part);
    const name = buffer.state?.storage.name ?? buffer.input;
    const key = name ?? buffer;
    let content = memory.get(key);
    if (!content) {
      content = name === undefined
        ? new Float64Array(buffer.size).fill(NaN)
        : Float64Array.from(values[name]);
      memory.set(key, content);
    }
    const start = offset + (buffer.state?.offset ?? 0);
    return content.subarray(start, start + part.size);
  };
  for (const { kernel, inputs, output } of dispatches) {
    interpret(kernel, inputs.map(contentOf), contentOf(output));
  }
  return outputs.map((buffer) => contentOf(buffer).slice());
}
