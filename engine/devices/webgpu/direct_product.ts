import { element } from "./operand.ts";
import {
  type Matrix,
  matrixFunctions,
  OUTSIDE,
  type Product,
  type ProductScheme,
} from "./matrix.ts";
import { elementPass, type Pass } from "./shader.ts";

/**
 * Products on a processor that runs shaders in software. A thread computes up to 8x16 elements of the
 * result in named vec4 accumulators and reads the operands in place: caches do what workgroup
 * memory does on a GPU, and barriers are expensive. Positions are computed once per run of inner
 * indices, such as the channels of a tap. Neighbouring threads, which share vector registers, take
 * neighbouring columns.
 */
export const directScheme: ProductScheme = { cut, pass };

/** Rows and columns of a tile. */
const LARGE_TILE = [8, 16];
/** For small results: less work for each thread, and less code to compile. */
const SMALL_TILE = [4, 8];
/** Results of fewer elements are small. */
const SMALL_RESULT = 8192;
/** Threads that fill the vectors of all cores. */
const TARGET_THREADS = 256;
/** Shortest part of the inner axis that is worth a thread. */
const MIN_PART_LENGTH = 64;

function cut(product: Product) {
  const { rows, columns } = tilesOf(product);
  const run = runOf(product);
  return {
    parts: Math.min(
      Math.ceil(TARGET_THREADS / (product.batch * rows * columns)),
      Math.floor(product.k / MIN_PART_LENGTH),
    ),
    depth: run === Infinity ? 1 : run,
  };
}

/** Size of a tile, and how many there are along each axis. */
function tilesOf({ batch, m, n }: Product) {
  const [maxRows, maxColumns] = batch * m * n < SMALL_RESULT
    ? SMALL_TILE
    : LARGE_TILE;
  const height = Math.min(maxRows, m);
  // no more tiles than needed, as equal as whole vectors allow
  const columns = Math.ceil(n / maxColumns);
  const width = Math.ceil(n / columns / 4) * 4;
  return { height, width, rows: Math.ceil(m / height), columns };
}

/** Inner indices along which both operands advance in equal steps. */
function runOf({ a, b }: Product): number {
  const [short, long] = [a.innerRun.length, b.innerRun.length]
    .toSorted((first, second) => first - second);
  return long === Infinity || long % short === 0 ? short : 1;
}

const range = (count: number) => Array.from({ length: count }, (_, i) => i);

function pass(
  product: Product,
  length: number,
  store: (position: string) => string,
): Pass {
  const { batch, m, n, k, a, b } = product;
  const { height, width, rows, columns } = tilesOf(product);
  const parts = Math.ceil(k / length);
  const run = Math.min(runOf(product), length);
  const quads = range(width / 4);
  const rowsOfA = new Side("a", a, m, height, "row");
  const columnsOfB = new Side("b", b, n, width, "column");

  const sums = range(height).flatMap((i) =>
    quads.map((quad) => `var sum${i}_${quad} = vec4<f32>();`)
  );
  const loadQuads = quads.map((quad) => {
    const values = range(4).map((j) => columnsOfB.value(quad * 4 + j));
    return `let b${quad} = vec4(${values.join(", ")});`;
  });
  const addRows = range(height).map((i) =>
    `let a${i} = ${rowsOfA.value(i)};\n` +
    quads.map((quad) => `sum${i}_${quad} += a${i} * b${quad};`).join("\n")
  );
  const products = [...loadQuads, ...addRows].join("\n");
  const body = `let column = id % ${columns}u * ${width}u;
let row = id / ${columns}u % ${rows}u * ${height}u;
let batch = id / ${columns * rows}u % ${batch}u;
let part = id / ${columns * rows * batch}u;
let end = min((part + 1u) * ${length}u, ${k}u);
${rowsOfA.prepare()}
${columnsOfB.prepare()}
${sums.join("\n")}
for (var start = part * ${length}u; start < end; start += ${run}u) {
${rowsOfA.locate()}
${columnsOfB.locate()}
${
    run === 1
      ? `let step = 0u;\n${products}`
      : `let count = min(${run}u, end - start);
for (var step = 0u; step < count; step++) {
${products}
}`
  }
}
${
    range(height).flatMap((i) =>
      quads.flatMap((quad) =>
        [..."xyzw"].map((component, j) =>
          storeElement(i, quad * 4 + j, `sum${i}_${quad}.${component}`)
        )
      )
    ).join("\n")
  }`;

  function storeElement(i: number, j: number, value: string): string {
    const target = `(batch * ${m}u + row + ${i}u) * ${n}u + column + ${j}u`;
    const inside = [
      ...(m % height === 0 ? [] : [`row + ${i}u < ${m}u`]),
      ...(n % width === 0 ? [] : [`column + ${j}u < ${n}u`]),
    ];
    const line = `${store(target)} = ${value};`;
    return inside.length === 0
      ? line
      : `if (${inside.join(" && ")}) { ${line} }`;
  }

  return elementPass(
    rows * columns * batch * parts,
    body,
    [OUTSIDE, matrixFunctions("a", a), matrixFunctions("b", b)].join("\n"),
  );
}

/** The rows of a tile (for b: its columns), and how their elements are read. */
class Side {
  /** Rows whose positions are computed; those of the others follow from the first. */
  readonly #located: number[];

  constructor(
    private readonly name: string,
    private readonly matrix: Matrix,
    private readonly size: number,
    private readonly count: number,
    private readonly first: string,
  ) {
    const { length } = matrix.sideRun;
    const together = length === Infinity || length % count === 0;
    this.#located = together ? [0] : range(count);
  }

  /** Computes what the rows contribute to positions. */
  prepare(): string {
    return this.#located.map((i) => {
      // beyond the edge the last row is repeated and not stored
      const index = i === 0 || this.size % this.count === 0
        ? `${this.first} + ${i}u`
        : `min(${this.first} + ${i}u, ${this.size - 1}u)`;
      return `let ${this.name}Side${i} = ${this.name}Side(${index}, batch);`;
    }).join("\n");
  }

  /** Computes the positions at inner index `start`. */
  locate(): string {
    const { name, matrix } = this;
    const starts = this.#located.map((i) =>
      `let ${name}Start${i} = ${name}Position(${name}Side${i}, ${name}Index);` +
      (matrix.padded
        ? `\nlet ${name}Inside${i} = ${name}Start${i} != OUTSIDE;`
        : "")
    );
    return `let ${name}Index = ${name}Inner(start);\n${starts.join("\n")}`;
  }

  /** The element of row `i` at inner index `start + step`. */
  value(i: number): string {
    const { name, matrix: { operand, padded, sideRun, innerRun } } = this;
    const located = this.#located.includes(i) ? i : 0;
    const beyond = (i - located) * sideRun.step >>> 0;
    const position = `${name}Start${located} + ${beyond}u + step * ${
      innerRun.step >>> 0
    }u`;
    const value = element(operand, position);
    return padded ? `select(0f, ${value}, ${name}Inside${located})` : value;
  }
}
