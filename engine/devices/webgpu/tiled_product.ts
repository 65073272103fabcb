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
 * axis it copies a slice of each operand to workgroup memory, in quads of rows (columns), and each
 * thread adds products of quads in named vec4 accumulators. The next slice is loaded before the
 * products of this one, so that its way from memory is hidden behind them.
 */
export const tiledScheme: ProductScheme = { cut, pass };

/** How the tiles of a product are computed. */
interface Tiling {
  /** Rows and columns of a tile. */
  readonly tile: number;
  /** Inner indices of a slice. */
  readonly depth: number;
  /** Quads of rows, and as many of columns, that a thread multiplies. */
  readonly quads: number;
}

/**
 * Large tiles read each element fewer times; small ones are for results that would leave large ones
 * mostly empty, or too few to keep a GPU busy.
 */
const tilings: readonly Tiling[] = [
  { tile: 128, depth: 8, quads: 2 },
  { tile: 64, depth: 16, quads: 1 },
  { tile: 32, depth: 16, quads: 1 },
];

/** Threads that keep a large GPU busy. */
const TARGET_THREADS = 1 << 16;
/** Shortest part of the inner axis that is worth a workgroup, in sides of its tile. */
const MIN_PART_TILES = 8;

/** Threads along a side of a tile. */
const sideOf = ({ tile, quads }: Tiling) => tile / (4 * quads);

function cut(product: Product) {
  const tiling = tilingOf(product);
  return {
    parts: Math.min(
      Math.ceil(targetOf(tiling) / tilesOf(product, tiling)),
      longestCut(product, tiling),
    ),
    depth: tiling.depth,
  };
}

/** Workgroups that keep a GPU busy. */
function targetOf(tiling: Tiling): number {
  return TARGET_THREADS / sideOf(tiling) ** 2;
}

function tilesOf({ batch, m, n }: Product, { tile }: Tiling): number {
  return batch * Math.ceil(m / tile) * Math.ceil(n / tile);
}

/** Into how many parts the inner axis may be cut. */
function longestCut({ k }: Product, { tile }: Tiling): number {
  return Math.max(1, Math.floor(k / (MIN_PART_TILES * tile)));
}

/** The largest tiles that are more than half full and enough to keep a GPU busy, else the smallest. */
function tilingOf(product: Product): Tiling {
  return tilings.find((tiling) =>
    Math.min(product.m, product.n) > tiling.tile / 2 &&
    tilesOf(product, tiling) * longestCut(product, tiling) >= targetOf(tiling)
  ) ?? tilings.at(-1)!;
}

const range = (count: number) => Array.from({ length: count }, (_, i) => i);

function pass(
  product: Product,
  length: number,
  store: (position: string) => string,
): Pass {
  const { batch, m, n, k, a, b } = product;
  const tiling = tilingOf(product);
  const { tile, depth, quads } = tiling;
  const side = sideOf(tiling);
  const rows = Math.ceil(m / tile);
  const columns = Math.ceil(n / tile);
  const parts = Math.ceil(k / length);
  const ragged = k % depth !== 0;
  const load = `${loadQuads("a", m, tiling, ragged)}
${loadQuads("b", n, tiling, ragged)}`;

  const body = `let column = group % ${columns}u * ${tile}u;
let row = group / ${columns}u % ${rows}u * ${tile}u;
let batch = group / ${columns * rows}u % ${batch}u;
let part = group / ${columns * rows * batch}u;
let end = min((part + 1u) * ${length}u, ${k}u);
let threadColumn = local % ${side}u;
let threadRow = local / ${side}u;
${prepareCopy("a", a, "row", tiling)}
${prepareCopy("b", b, "column", tiling)}
${
    range(quads * 4 * quads).map((i) => `var sum${i} = vec4<f32>();`)
      .join("\n")
  }
var start = part * ${length}u;
${load}
loop {
// some drivers let threads begin while others still fill workgroup memory with zeros
workgroupBarrier();
${storeQuads("a", tiling)}
${storeQuads("b", tiling)}
workgroupBarrier();
start += ${depth}u;
if (start < end) {
${load}
}
${range(depth).map((inner) => multiplyQuads(inner, tiling)).join("\n")}
if (start >= end) { break; }
}
${range(quads * 4).map((i) => storeRow(i, product, tiling, store)).join("\n")}`;

  const declarations = [
    OUTSIDE,
    matrixFunctions("a", a),
    matrixFunctions("b", b),
    ...["a", "b"].map((name) =>
      `var<workgroup> ${name}Tile: array<vec4<f32>, ${
        depth * pitchOf(tiling)
      }>;`
    ),
  ].join("\n");
  return workgroupPass(
    rows * columns * batch * parts,
    side ** 2,
    body,
    declarations,
  );
}

/** Quads from one inner index of a tile to the next in workgroup memory; one is padding against bank conflicts. */
function pitchOf({ tile }: Tiling): number {
  return tile / 4 + 1;
}

/** Quads of an operand's slice that each thread copies. */
function copiesOf(tiling: Tiling): number[] {
  const { tile, depth } = tiling;
  return range(tile / 4 * depth / sideOf(tiling) ** 2);
}

/** What a thread needs to copy its quads, each four rows (columns) at one inner index. */
function prepareCopy(
  name: string,
  { contiguous }: Matrix,
  origin: string,
  tiling: Tiling,
): string {
  const threads = sideOf(tiling) ** 2;
  return copiesOf(tiling).map((copy) => {
    const index = `(local + ${copy * threads}u)`;
    // neighbouring threads take neighbouring words of memory
    const [offset, quad] = contiguous === "inner"
      ? [`${index} % ${tiling.depth}u`, `${index} / ${tiling.depth}u`]
      : [`${index} / ${tiling.tile / 4}u`, `${index} % ${tiling.tile / 4}u`];
    const own = `${name}${copy}`;
    const sides = range(4).map((i) =>
      `let ${own}Side${i} = ${name}Side(${own}First + ${i}u, batch);`
    );
    return `let ${own}Offset = ${offset};
let ${own}Place = ${own}Offset * ${pitchOf(tiling)}u + ${quad};
let ${own}First = ${origin} + ${quad} * 4u;
${sides.join("\n")}
var ${own}Quad = vec4<f32>();`;
  }).join("\n");
}

/** Loads the quads at the inner indices from `start` on. */
function loadQuads(
  name: string,
  size: number,
  tiling: Tiling,
  ragged: boolean,
): string {
  return copiesOf(tiling).map((copy) => {
    const own = `${name}${copy}`;
    const loads = ["x", "y", "z", "w"].map((component, i) => {
      const load =
        `${own}Quad.${component} = ${name}Value(${own}Side${i}, inner);`;
      return size % tiling.tile === 0
        ? load
        : `if (${own}First + ${i}u < ${size}u) { ${load} }`;
    });
    const inside = `let inner = ${name}Inner(start + ${own}Offset);
${loads.join("\n")}`;
    return ragged
      ? `if (start + ${own}Offset < end) {
${inside}
} else {
${own}Quad = vec4<f32>();
}`
      : `{
${inside}
}`;
  }).join("\n");
}

function storeQuads(name: string, tiling: Tiling): string {
  return copiesOf(tiling).map((copy) =>
    `${name}Tile[${name}${copy}Place] = ${name}${copy}Quad;`
  ).join("\n");
}

/** Adds the products of a thread's quads; accumulators of a row lie side by side. */
function multiplyQuads(inner: number, tiling: Tiling): string {
  const { quads } = tiling;
  const side = sideOf(tiling);
  const read = (name: string, thread: string) =>
    range(quads).map((quad) =>
      `let ${name}${quad} = ${name === "x" ? "a" : "b"}Tile[${
        inner * pitchOf(tiling) + quad * side
      }u + ${thread}];`
    );
  const products = range(quads).flatMap((rowQuad) =>
    ["x", "y", "z", "w"].flatMap((component, i) =>
      range(quads).map((columnQuad) =>
        `sum${
          (rowQuad * 4 + i) * quads + columnQuad
        } += x${rowQuad}.${component} * y${columnQuad};`
      )
    )
  );
  return `{
${[...read("x", "threadRow"), ...read("y", "threadColumn")].join("\n")}
${products.join("\n")}
}`;
}

/** Stores the thread's row `i`. */
function storeRow(
  i: number,
  { m, n }: Product,
  tiling: Tiling,
  store: (position: string) => string,
): string {
  const { tile, quads } = tiling;
  const side = sideOf(tiling);
  const quadStart = (quad: number, thread: string) =>
    `(${quad * side}u + ${thread}) * 4u`;
  const stores = range(quads).flatMap((quad) =>
    ["x", "y", "z", "w"].map((component, j) => {
      const column = `${quadStart(quad, "threadColumn")} + ${j}u`;
      const line = `${store(`position + ${column}`)} = sum${
        i * quads + quad
      }.${component};`;
      return n % tile === 0
        ? line
        : `if (column + ${column} < ${n}u) { ${line} }`;
    })
  );
  const row = `row + ${quadStart(Math.floor(i / 4), "threadRow")} + ${i % 4}u`;
  const guard = m % tile === 0 ? "" : `if (${row} < ${m}u) `;
  return `${guard}{
let position = (batch * ${m}u + ${row}) * ${n}u + column;
${stores.join("\n")}
}`;
}
