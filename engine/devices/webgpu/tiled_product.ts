import {
  type Matrix,
  matrixFunctions,
  OUTSIDE,
  type Product,
  type ProductScheme,
} from "./matrix.ts";
import { type Pass, workgroupPass } from "./shader.ts";

/**
 * Products on a GPU. A workgroup computes a square tile of the result: step by step along the inner
 * axis it copies a slice of each operand to workgroup memory, one vec4 per thread, and each thread
 * adds 4x4 products per inner index in four named vec4 accumulators.
 */
export const tiledScheme: ProductScheme = { cut, pass };

/** Workgroups that keep a GPU busy. */
const TARGET_WORKGROUPS = 128;
/** Shortest part of the inner axis that is worth a workgroup. */
const MIN_PART_LENGTH = 512;

function cut(product: Product) {
  const tile = tileSize(product);
  return {
    parts: Math.min(
      Math.ceil(TARGET_WORKGROUPS / tilesOf(product, tile)),
      Math.floor(product.k / MIN_PART_LENGTH),
    ),
    depth: tile / 4,
  };
}

function tilesOf({ batch, m, n }: Product, tile: number): number {
  return batch * Math.ceil(m / tile) * Math.ceil(n / tile);
}

/** Rows and columns of a tile: small where large tiles would be mostly empty or too few. */
function tileSize(product: Product): 32 | 64 {
  const parts = Math.max(1, Math.floor(product.k / MIN_PART_LENGTH));
  const enough = tilesOf(product, 64) * parts >= TARGET_WORKGROUPS;
  return enough && Math.min(product.m, product.n) > 32 ? 64 : 32;
}

function pass(
  product: Product,
  length: number,
  store: (position: string) => string,
): Pass {
  const { batch, m, n, k, a, b } = product;
  const tile = tileSize(product);
  // a tile is as deep as it has quads of rows, so each thread copies one quad of each operand
  const depth = tile / 4;
  const rows = Math.ceil(m / tile);
  const columns = Math.ceil(n / tile);
  const parts = Math.ceil(k / length);
  const range = (count: number) => Array.from({ length: count }, (_, i) => i);
  const ragged = k % depth !== 0;

  const body = `let column = group % ${columns}u * ${tile}u;
let row = group / ${columns}u % ${rows}u * ${tile}u;
let batch = group / ${columns * rows}u % ${batch}u;
let part = group / ${columns * rows * batch}u;
let end = min((part + 1u) * ${length}u, ${k}u);
let fastIndex = local % ${depth}u;
let slowIndex = local / ${depth}u;
${prepareCopy("a", a, "row")}
${prepareCopy("b", b, "column")}
${range(4).map((i) => `var sum${i} = vec4<f32>();`).join("\n")}
for (var start = part * ${length}u; start < end; start += ${depth}u) {
${copyQuad("a", m, tile, ragged)}
${copyQuad("b", n, tile, ragged)}
workgroupBarrier();
${range(depth).map((inner) => multiplyQuads(inner, pitchOf(depth))).join("\n")}
workgroupBarrier();
}
let firstRow = row + slowIndex * 4u;
let firstColumn = column + fastIndex * 4u;
${range(4).map((i) => storeRow(i, product, tile, store)).join("\n")}`;

  const declarations = [
    OUTSIDE,
    matrixFunctions("a", a),
    matrixFunctions("b", b),
    ...["a", "b"].map((name) =>
      `var<workgroup> ${name}Tile: array<vec4<f32>, ${depth * pitchOf(depth)}>;`
    ),
  ].join("\n");
  return workgroupPass(
    rows * columns * batch * parts,
    depth * depth,
    body,
    declarations,
  );
}

/** Quads from one inner index of a tile to the next in workgroup memory; one is padding against bank conflicts. */
function pitchOf(depth: number): number {
  return depth + 1;
}

/** What a thread needs to copy its quad of four rows (columns) at one inner index. */
function prepareCopy(
  name: string,
  { contiguous }: Matrix,
  origin: string,
): string {
  const [inner, quad] = contiguous === "inner"
    ? ["fastIndex", "slowIndex"]
    : ["slowIndex", "fastIndex"];
  const sides = [0, 1, 2, 3].map((i) =>
    `let ${name}Side${i} = ${name}Side(${name}First + ${i}u, batch);`
  );
  return `let ${name}Offset = ${inner};
let ${name}Quad = ${quad};
let ${name}First = ${origin} + ${name}Quad * 4u;
${sides.join("\n")}`;
}

function copyQuad(
  name: string,
  size: number,
  tile: number,
  ragged: boolean,
): string {
  const depth = tile / 4;
  const loads = ["x", "y", "z", "w"].map((component, i) => {
    const load = `quad.${component} = ${name}Value(${name}Side${i}, inner);`;
    return size % tile === 0
      ? load
      : `if (${name}First + ${i}u < ${size}u) { ${load} }`;
  });
  const inside = `let inner = ${name}Inner(start + ${name}Offset);
${loads.join("\n")}`;
  return `{
var quad = vec4<f32>();
${ragged ? `if (start + ${name}Offset < end) {\n${inside}\n}` : inside}
${name}Tile[${name}Offset * ${pitchOf(depth)}u + ${name}Quad] = quad;
}`;
}

function multiplyQuads(inner: number, pitch: number): string {
  return `{
let x = aTile[${inner * pitch}u + slowIndex];
let y = bTile[${inner * pitch}u + fastIndex];
sum0 += x.x * y;
sum1 += x.y * y;
sum2 += x.z * y;
sum3 += x.w * y;
}`;
}

function storeRow(
  i: number,
  { m, n }: Product,
  tile: number,
  store: (position: string) => string,
): string {
  const stores = ["x", "y", "z", "w"].map((component, j) => {
    const line = `${store(`position + ${j}u`)} = sum${i}.${component};`;
    return n % tile === 0
      ? line
      : `if (firstColumn + ${j}u < ${n}u) { ${line} }`;
  });
  const guard = m % tile === 0 ? "" : `if (firstRow + ${i}u < ${m}u) `;
  return `${guard}{
let position = (batch * ${m}u + firstRow + ${i}u) * ${n}u + firstColumn;
${stores.join("\n")}
}`;
}
