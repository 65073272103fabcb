import { element, type Operand } from "./operand.ts";
import {
  elementPass,
  type Lowered,
  type Pass,
  workgroupPass,
} from "./shader.ts";

/**
 * The one generator behind matrix products and convolutions. A workgroup computes a square tile of
 * the result: step by step along the inner axis it copies a slice of each operand to workgroup
 * memory, one vec4 per thread, and each thread adds 4x4 products per inner index in four
 * named vec4 accumulators. How an operand is read, and with which bounds, is WGSL of its own
 * ({@linkcode Matrix}), so that a convolution never stores its matrix of patches.
 *
 * Where the result has few tiles and the inner axis is long (gradients of weights), that axis is cut
 * into parts with a workgroup each, and a second pass adds the partial results in order.
 */
export interface Product {
  /** Matrices multiplied side by side. */
  readonly batch: number;
  /** Rows of a and of the result. */
  readonly m: number;
  /** Columns of b and of the result. */
  readonly n: number;
  /** Size of the inner axis: columns of a, rows of b. */
  readonly k: number;
  /** The left operand. */
  readonly a: Matrix;
  /** The right operand. */
  readonly b: Matrix;
}

/**
 * How the elements of an operand are found. What each of the two indices contributes to the
 * address is computed once per index, as a `vec3<u32>` of the operand's own meaning.
 */
export interface Matrix {
  /** The index that steps through neighbouring memory: that of rows (of b: columns), or the inner one. */
  readonly contiguous: "side" | "inner";
  /** Body of a function of `index`, a row (of b: a column), and `batch`. */
  readonly side: string;
  /** Body of a function of `index`, an inner index. */
  readonly inner: string;
  /** Body of a function of both contributions, `side` and `inner`: the element, f32. */
  readonly value: string;
}

/** Workgroups that keep a GPU busy. */
const ENOUGH_GROUPS = 128;
/** Shortest part of the inner axis that is worth a workgroup. */
const SHORTEST_PART = 512;

/** The passes that compute a product into `output`, row-major `[batch, m, n]`. */
export function lowerProduct(product: Product, output: Operand): Lowered {
  const { batch, m, n, k } = product;
  const tile = tileSize(product);
  const depth = tile / 4;
  const tiles = tilesOf(product, tile);
  const wanted = Math.min(
    Math.ceil(ENOUGH_GROUPS / tiles),
    Math.floor(k / SHORTEST_PART),
  );
  const length = Math.ceil(k / Math.max(1, wanted) / depth) * depth;
  const parts = Math.ceil(k / length);
  if (parts === 1) {
    return {
      passes: [
        tiled(product, tile, k, (position) => element(output, position)),
      ],
    };
  }
  const size = batch * m * n;
  const passes = [
    tiled(
      product,
      tile,
      length,
      (position) => `scratch[part * ${size}u + ${position}]`,
    ),
    elementPass(
      size,
      `var sum = 0f;
for (var part = 0u; part < ${parts}u; part++) { sum += scratch[part * ${size}u + id]; }
${element(output, "id")} = sum;`,
    ),
  ];
  return { passes, scratch: { type: "f32", size: parts * size } };
}

function tilesOf({ batch, m, n }: Product, tile: number): number {
  return batch * Math.ceil(m / tile) * Math.ceil(n / tile);
}

/** Rows and columns of a tile: small where large ones would be mostly empty or too few. */
function tileSize(product: Product): 32 | 64 {
  const parts = Math.max(1, Math.floor(product.k / SHORTEST_PART));
  const enough = tilesOf(product, 64) * parts >= ENOUGH_GROUPS;
  return enough && Math.min(product.m, product.n) > 32 ? 64 : 32;
}

/**
 * The product over parts of `length` of the inner axis; `store` gives the place of an element of
 * the result, from its position and `part`.
 */
function tiled(
  product: Product,
  tile: number,
  length: number,
  store: (position: string) => string,
): Pass {
  const { batch, m, n, k, a, b } = product;
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
let quickest = local % ${depth}u;
let slowest = local / ${depth}u;
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
let firstRow = row + slowest * 4u;
let firstColumn = column + quickest * 4u;
${range(4).map((i) => storeRow(i, product, tile, store)).join("\n")}`;

  const declarations = [
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

/** Quads between the inner indices of a tile in workgroup memory: one is left free, against bank conflicts. */
function pitchOf(depth: number): number {
  return depth + 1;
}

function matrixFunctions(name: string, { side, inner, value }: Matrix): string {
  return `fn ${name}Side(index: u32, batch: u32) -> vec3<u32> {
${side}
}
fn ${name}Inner(index: u32) -> vec3<u32> {
${inner}
}
fn ${name}Value(side: vec3<u32>, inner: vec3<u32>) -> f32 {
${value}
}`;
}

/** What a thread needs to copy its quad of four rows (columns) at one inner index. */
function prepareCopy(
  name: string,
  { contiguous }: Matrix,
  origin: string,
): string {
  const [inner, quad] = contiguous === "inner"
    ? ["quickest", "slowest"]
    : ["slowest", "quickest"];
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
let x = aTile[${inner * pitch}u + slowest];
let y = bTile[${inner * pitch}u + quickest];
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
