import {
  children,
  type Expression,
  inOrder,
} from "../../compile/expression.ts";
import type { FusedKernel } from "../../compile/kernel.ts";
import { sizeOf } from "../../graph/tensor.ts";
import { ExpressionWriter, literal, position } from "./expression.ts";
import { helpersOf } from "./helpers.ts";
import { element, type Operand } from "./operand.ts";
import {
  elementPass,
  type Lowered,
  type Pass,
  THREADS,
  unravel,
  workgroupPass,
} from "./shader.ts";

/**
 * Lowers a fused kernel. A map runs one thread per element. A reduction gives each result several
 * threads ("lanes", a power of two): each combines every `lanes`-th iteration, and a tree in workgroup
 * memory combines the lanes. Neighbouring threads take neighbouring iterations of the loop that
 * steps through neighbouring memory, the last kept or the last reduced one.
 */
export function lowerFused(
  kernel: FusedKernel,
  inputs: readonly Operand[],
  output: Operand,
): Lowered {
  return {
    passes: [
      kernel.reduction
        ? reduction(kernel, inputs, output)
        : map(kernel, inputs, output),
    ],
  };
}

const loopNames = (first: number, end: number) =>
  Array.from({ length: end - first }, (_, i) => `loop${first + i}`);

function map(
  kernel: FusedKernel,
  inputs: readonly Operand[],
  output: Operand,
): Pass {
  const writer = new ExpressionWriter(inputs);
  const body = `${unravel("id", kernel.loops, loopNames(0, kernel.kept))}
${writer.statements(kernel.body)}
let reduced = ${writer.name(kernel.body)};
${writer.statements(kernel.epilogue)}
${element(output, position(kernel.output))} = ${writer.name(kernel.epilogue)};`;
  return elementPass(sizeOf(kernel.loops), body, helpersOf(body));
}

function reduction(
  kernel: FusedKernel,
  inputs: readonly Operand[],
  output: Operand,
): Pass {
  const { loops, kept } = kernel;
  const results = sizeOf(loops.slice(0, kept));
  const length = sizeOf(loops.slice(kept));
  const { lanes, keptFirst } = arrange(kernel, results, length);
  const perGroup = THREADS / lanes;
  const [result, lane] = keptFirst
    ? [`local % ${perGroup}u`, `local / ${perGroup}u`]
    : [`local / ${lanes}u`, `local % ${lanes}u`];
  const { type, start, combine } = combination(kernel);
  const changing = changesInside(kernel);
  const writer = new ExpressionWriter(inputs);

  const body = `let result = group * ${perGroup}u + ${result};
let lane = ${lane};
// threads beyond the last result repeat it without storing, since all must reach the barriers
let inside = min(result, ${results - 1}u);
${unravel("inside", loops.slice(0, kept), loopNames(0, kept))}
${writer.statements(kernel.body, (expression) => !changing.has(expression))}
var reduced = ${start};
for (var iteration = lane; iteration < ${length}u; iteration += ${lanes}u) {
${unravel("iteration", loops.slice(kept), loopNames(kept, loops.length))}
${writer.statements(kernel.body)}
reduced = ${combine("reduced", writer.name(kernel.body))};
}
${tree(lanes, keptFirst ? perGroup : 1, combine)}
if (lane == 0u && result < ${results}u) {
${writer.statements(kernel.epilogue)}
${element(output, position(kernel.output))} = ${writer.name(kernel.epilogue)};
}`;
  const declarations = lanes === 1
    ? ""
    : `var<workgroup> totals: array<${type}, ${THREADS}>;\n`;
  return workgroupPass(
    Math.ceil(results / perGroup),
    THREADS,
    body,
    declarations + helpersOf(body),
  );
}

/** How a reduction combines two values, and what it starts from. */
function combination({ reduction, body }: FusedKernel) {
  const type = body.dtype === "u8" ? "u32" : body.dtype;
  const lowest = { f32: -Infinity, i32: -(2 ** 31), u32: 0 };
  return reduction === "sum"
    ? {
      type,
      start: literal(0, type),
      combine: (a: string, b: string) => `${a} + ${b}`,
    }
    : {
      type,
      start: literal(lowest[type], type),
      combine: (a: string, b: string) => `max(${a}, ${b})`,
    };
}

/** Combines the lanes of each result, whose numbers in the workgroup are `spacing` apart. */
function tree(
  lanes: number,
  spacing: number,
  combine: (a: string, b: string) => string,
): string {
  if (lanes === 1) return "";
  // the first barrier is for drivers that let threads begin while others still fill totals with zeros
  let code = `workgroupBarrier();
totals[local] = reduced;
workgroupBarrier();
`;
  for (let half = lanes / 2; half >= 1; half /= 2) {
    const other = `totals[local + ${half * spacing}u]`;
    code += `if (lane < ${half}u) { totals[local] = ${
      combine("totals[local]", other)
    }; }
workgroupBarrier();
`;
  }
  return code + "reduced = totals[local];";
}

/** Subexpressions of the body that depend on a reduced loop. */
function changesInside({ body, kept }: FusedKernel): ReadonlySet<Expression> {
  const changing = new Set<Expression>();
  for (const expression of inOrder(body)) {
    const view = expression.kind === "load" || expression.kind === "iota"
      ? expression.view
      : expression.kind === "random"
      ? expression.counter
      : undefined;
    const steps = view?.strides.slice(kept).some((stride) => stride !== 0);
    if (steps || children(expression).some((child) => changing.has(child))) {
      changing.add(expression);
    }
  }
  return changing;
}

/** Fewest iterations that are worth a lane of their own in the tree. */
const MIN_ITERATIONS = 4;
/** Threads that keep a GPU busy. */
const TARGET_THREADS = 1 << 18;
/** Neighbouring threads whose reads of neighbouring words fill what a GPU fetches at a time. */
const COALESCED = 8;

/** Lanes per result, and whether neighbouring threads take neighbouring results. */
function arrange(kernel: FusedKernel, results: number, length: number) {
  const { loops, kept, body } = kernel;
  const maxLanes = Math.min(THREADS, powerOfTwo(length / MIN_ITERATIONS));
  const stepsOf = (loop: number) =>
    inOrder(body).filter((expression) =>
      expression.kind === "load" && expression.view.strides[loop] === 1
    )
      .length;
  const keptFirst = kept > 0 && stepsOf(kept - 1) > stepsOf(loops.length - 1);
  if (!keptFirst) return { lanes: maxLanes, keptFirst };
  const enough = powerOfTwo(TARGET_THREADS / results);
  const coalesced = THREADS / Math.min(COALESCED, 2 * powerOfTwo(results));
  return { lanes: Math.min(maxLanes, enough, coalesced), keptFirst };
}

/** The largest power of two that is not above `value`, and at least 1. */
function powerOfTwo(value: number): number {
  return 2 ** Math.max(0, Math.floor(Math.log2(value)));
}
