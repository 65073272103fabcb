import type { PoolKernel } from "../../compile/kernel.ts";
import { sizeOf } from "../../graph/tensor.ts";
import { element, type Operand } from "./operand.ts";
import {
  elementPass,
  INFINITY,
  type Lowered,
  LOWEST,
  unravel,
} from "./shader.ts";

/**
 * Max pooling, one thread per element of the result. The gradient gathers: a thread visits every window
 * that contains its element and searches again for the element that the window chose, so that the
 * forward pass stores nothing and no two threads add to one place. Positions are u32: those above or
 * left of the image wrap to large numbers and count as outside.
 */
export function lowerPool(
  kernel: PoolKernel,
  inputs: readonly Operand[],
  output: Operand,
): Lowered {
  const { n, height, width, outHeight, outWidth, inputs: channels } =
    kernel.geometry;
  const [rows, columns] = kernel.gradient
    ? [height, width]
    : [outHeight, outWidth];
  const sizes = [n, rows, columns, channels];
  const coordinates = unravel("id", sizes, [
    "image",
    "row",
    "column",
    "channel",
  ]);
  const body = `${coordinates}
${kernel.gradient ? gradient(kernel, inputs[0]) : forward(kernel)}
${element(output, "id")} = result;`;
  const pass = elementPass(
    sizeOf(sizes),
    body,
    windows(kernel, inputs.at(-1)!),
  );
  return { passes: [pass] };
}

function forward({ geometry: { window: { size } } }: PoolKernel): string {
  return `var result = ${LOWEST};
for (var i = 0u; i < ${size}u; i++) {
for (var j = 0u; j < ${size}u; j++) {
result = max(result, inWindow(image, row, column, channel, i, j));
}
}`;
}

/** An element is in at most `reach` windows along each axis: the last that begins before it, and those above or left of that. */
function gradient({ geometry }: PoolKernel, dy: Operand): string {
  const {
    outHeight,
    outWidth,
    inputs: channels,
    window: { size, stride, padding },
  } = geometry;
  const reach = Math.ceil(size / stride);
  return `var result = 0f;
for (var up = 0u; up < ${reach}u; up++) {
for (var left = 0u; left < ${reach}u; left++) {
let outRow = (row + ${padding}u) / ${stride}u - up;
let outColumn = (column + ${padding}u) / ${stride}u - left;
// coordinates of the element in that window
let i = row + ${padding}u - outRow * ${stride}u;
let j = column + ${padding}u - outColumn * ${stride}u;
let inside = outRow < ${outHeight}u && outColumn < ${outWidth}u && i < ${size}u && j < ${size}u;
if (inside && choice(image, outRow, outColumn, channel) == i * ${size}u + j) {
let position = ((image * ${outHeight}u + outRow) * ${outWidth}u + outColumn) * ${channels}u + channel;
result += ${element(dy, "position")};
}
}
}`;
}

/** WGSL functions that read the windows of `x`. */
function windows({ gradient, geometry }: PoolKernel, x: Operand): string {
  const { height, width, inputs: channels, window: { size, stride, padding } } =
    geometry;
  const parameters = "image: u32, row: u32, column: u32, channel: u32";
  const inWindow = `fn inWindow(${parameters}, i: u32, j: u32) -> f32 {
let y = row * ${stride}u + i - ${padding}u;
let x = column * ${stride}u + j - ${padding}u;
if (y >= ${height}u || x >= ${width}u) { return ${LOWEST}; }
let position = ((image * ${height}u + y) * ${width}u + x) * ${channels}u + channel;
return ${element(x, "position")};
}`;
  // the first of equal elements in row-major order, also where all are -Infinity as the margin is
  const choice = `fn choice(${parameters}) -> u32 {
let top = max(row * ${stride}u, ${padding}u) - row * ${stride}u;
let left = max(column * ${stride}u, ${padding}u) - column * ${stride}u;
var largest = ${LOWEST};
var result = top * ${size}u + left;
for (var i = 0u; i < ${size}u; i++) {
for (var j = 0u; j < ${size}u; j++) {
let value = inWindow(image, row, column, channel, i, j);
if (value > largest) {
largest = value;
result = i * ${size}u + j;
}
}
}
return result;
}`;
  return [INFINITY, inWindow, ...(gradient ? [choice] : [])]
    .join("\n");
}
