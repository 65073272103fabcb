import type { GatherKernel, ScatterKernel } from "../../compile/kernel.ts";
import { element, type Operand } from "./operand.ts";
import {
  elementPass,
  type Lowered,
  type Pass,
  THREADS,
  workgroupPass,
} from "./shader.ts";

/** Gather: one thread per element of the result. */
export function lowerGather(
  { rows, count, width }: GatherKernel,
  [table, indices]: readonly Operand[],
  output: Operand,
): Lowered {
  const body = `let index = ${element(indices, `id / ${width}u`)};
let row = u32(clamp(index, 0i, ${rows - 1}i));
${element(output, "id")} = ${
    element(table, `row * ${width}u + id % ${width}u`)
  };`;
  return { passes: [elementPass(count * width, body)] };
}

/**
 * Scatter-add without atomics, so that the order of additions is fixed: one workgroup sorts the
 * pairs (row, position) with a bitonic network; then each element of the result finds the run of its
 * row by binary search and adds its updates in order of position.
 */
export function lowerScatter(
  kernel: ScatterKernel,
  inputs: readonly Operand[],
  output: Operand,
): Lowered {
  const [indices, updates] = inputs;
  const size = 2 ** Math.max(1, Math.ceil(Math.log2(kernel.count)));
  return {
    passes: [
      sortPairs(kernel, size, indices),
      addRuns(kernel, updates, output),
    ],
    scratch: { type: "vec2<u32>", size },
  };
}

/** Sorts the pairs; updates outside the table and the padding to a power of two come last. */
function sortPairs(
  { rows, count }: ScatterKernel,
  size: number,
  indices: Operand,
): Pass {
  const body = `for (var i = local; i < ${size}u; i += ${THREADS}u) {
var row = ${rows}u;
if (i < ${count}u) {
// a negative index becomes a large number
row = min(u32(${element(indices, "i")}), ${rows}u);
}
scratch[i] = vec2(row, i);
}
storageBarrier();
for (var width = 2u; width <= ${size}u; width *= 2u) {
for (var step = width / 2u; step > 0u; step /= 2u) {
for (var i = local; i < ${size / 2}u; i += ${THREADS}u) {
let low = i / step * step * 2u + i % step;
let first = scratch[low];
let second = scratch[low + step];
let descends = first.x > second.x || (first.x == second.x && first.y > second.y);
let shouldDescend = (low & width) != 0u;
if (descends != shouldDescend) {
scratch[low] = second;
scratch[low + step] = first;
}
}
storageBarrier();
}
}`;
  return workgroupPass(1, THREADS, body);
}

function addRuns(
  { rows, count, width }: ScatterKernel,
  updates: Operand,
  output: Operand,
): Pass {
  const body = `let row = id / ${width}u;
let column = id % ${width}u;
var first = 0u;
var end = ${count}u;
while (first < end) {
let middle = (first + end) / 2u;
if (scratch[middle].x < row) { first = middle + 1u; } else { end = middle; }
}
var sum = ${updates.dtype}();
for (var i = first; i < ${count}u && scratch[i].x == row; i++) {
sum += ${element(updates, `scratch[i].y * ${width}u + column`)};
}
${element(output, "id")} = sum;`;
  return elementPass(rows * width, body);
}
