// The micro-kernels: a tile of 6 rows and 8 columns of a product lives in twelve vector registers
// while k runs. B comes packed in panels of 8 columns, k after k. A is read where it lies:
// `tileOfRows` follows six rows, each contiguous in k; `tilesOfColumns` reads six neighbours at an
// address given for each k.

import { addresses, COPY_STEP, copiedRows, copies, tile } from "./scratch";

export const ROWS: i32 = 6;
export const COLUMNS: i32 = 8;

/** Bytes of one entry of a segment list: where the segment begins in the panel, then six addresses. */
export const SEGMENT_BYTES: usize = 28;

// @ts-ignore: decorator
@inline
function madd(a: v128, b: v128, c: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(a, b, c) : f32x4.add(f32x4.mul(a, b), c);
}

/** Stores, adding to what is there if `accumulate`. */
// @ts-ignore: decorator
@inline
function put(address: usize, value: v128, accumulate: bool): void {
  v128.store(address, accumulate ? f32x4.add(v128.load(address), value) : value);
}

/** Copies the part of the spill tile that is inside the result. */
function putEdge(c: usize, rowBytes: usize, rows: i32, columns: i32, accumulate: bool): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const target = c + <usize> i * rowBytes + (<usize> j << 2);
      const value = load<f32>(tile + (<usize> (i * COLUMNS + j) << 2));
      store<f32>(target, accumulate ? load<f32>(target) + value : value);
    }
  }
}

/**
 * c[rows, columns] (+)= the sum over segments of A[rows, length] times the panel's rows of that
 * segment. `segments` lists `count` entries of SEGMENT_BYTES.
 */
export function tileOfRows(
  segments: usize,
  count: i32,
  length: i32,
  panel: usize,
  c: usize,
  rowBytes: usize,
  rows: i32,
  columns: i32,
  accumulate: bool,
): void {
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0), c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0), c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0), c31 = f32x4.splat(0);
  let c40 = f32x4.splat(0), c41 = f32x4.splat(0);
  let c50 = f32x4.splat(0), c51 = f32x4.splat(0);
  const end = segments + <usize> count * SEGMENT_BYTES;
  for (let segment = segments; segment < end; segment += SEGMENT_BYTES) {
    let b = panel + <usize> load<u32>(segment);
    let a0 = <usize> load<u32>(segment, 4);
    let a1 = <usize> load<u32>(segment, 8);
    let a2 = <usize> load<u32>(segment, 12);
    let a3 = <usize> load<u32>(segment, 16);
    let a4 = <usize> load<u32>(segment, 20);
    let a5 = <usize> load<u32>(segment, 24);
    const bEnd = b + (<usize> length << 5);
    while (b < bEnd) {
      const b0 = v128.load(b);
      const b1 = v128.load(b, 16);
      let a = v128.load32_splat(a0);
      c00 = madd(a, b0, c00);
      c01 = madd(a, b1, c01);
      a = v128.load32_splat(a1);
      c10 = madd(a, b0, c10);
      c11 = madd(a, b1, c11);
      a = v128.load32_splat(a2);
      c20 = madd(a, b0, c20);
      c21 = madd(a, b1, c21);
      a = v128.load32_splat(a3);
      c30 = madd(a, b0, c30);
      c31 = madd(a, b1, c31);
      a = v128.load32_splat(a4);
      c40 = madd(a, b0, c40);
      c41 = madd(a, b1, c41);
      a = v128.load32_splat(a5);
      c50 = madd(a, b0, c50);
      c51 = madd(a, b1, c51);
      b += 32;
      a0 += 4;
      a1 += 4;
      a2 += 4;
      a3 += 4;
      a4 += 4;
      a5 += 4;
    }
  }
  const inside = rows == ROWS && columns == COLUMNS;
  let target = inside ? c : tile;
  const step = inside ? rowBytes : <usize> (COLUMNS << 2);
  const add = inside && accumulate;
  put(target, c00, add);
  put(target + 16, c01, add);
  target += step;
  put(target, c10, add);
  put(target + 16, c11, add);
  target += step;
  put(target, c20, add);
  put(target + 16, c21, add);
  target += step;
  put(target, c30, add);
  put(target + 16, c31, add);
  target += step;
  put(target, c40, add);
  put(target + 16, c41, add);
  target += step;
  put(target, c50, add);
  put(target + 16, c51, add);
  if (!inside) putEdge(c, rowBytes, rows, columns, accumulate);
}

/** Panels from which on it pays to copy a tile of A before it meets them all. */
const MANY_PANELS: i32 = 3;

/**
 * c[rows, columns] (+)= the sum over k of A[k, rows] times panel[k], for all panels of a block.
 * A[k, 0] is at address k of the list `addresses`, plus `offset`. Where many panels follow, the six
 * columns of A are brought together first: rows of A that lie a power of two apart push each other
 * out of the cache.
 */
export function tilesOfColumns(
  count: i32,
  offset: usize,
  panels: usize,
  c: usize,
  rowBytes: usize,
  rows: i32,
  columns: i32,
  accumulate: bool,
): void {
  let list = addresses;
  if (columns >= MANY_PANELS * COLUMNS) {
    for (let i: usize = 0; i < <usize> count; i++) {
      const from = <usize> load<u32>(addresses + (i << 2)) + offset;
      const to = copies + i * COPY_STEP;
      v128.store(to, v128.load(from));
      v128.store(to, v128.load(from, 16), 16);
    }
    list = copiedRows;
    offset = 0;
  }
  for (let first = 0; first < columns; first += COLUMNS) {
    const panel = panels + (<usize> (first / COLUMNS * count) << 5);
    const width = min(COLUMNS, columns - first);
    tileOfColumns(list, count, offset, panel, c + (<usize> first << 2), rowBytes, rows, width, accumulate);
  }
}

/** One tile of {@linkcode tilesOfColumns}. */
function tileOfColumns(
  addresses: usize,
  count: i32,
  offset: usize,
  panel: usize,
  c: usize,
  rowBytes: usize,
  rows: i32,
  columns: i32,
  accumulate: bool,
): void {
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0), c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0), c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0), c31 = f32x4.splat(0);
  let c40 = f32x4.splat(0), c41 = f32x4.splat(0);
  let c50 = f32x4.splat(0), c51 = f32x4.splat(0);
  let b = panel;
  const end = addresses + (<usize> count << 2);
  for (let address = addresses; address < end; address += 4) {
    const p = <usize> load<u32>(address) + offset;
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let a = v128.load32_splat(p);
    c00 = madd(a, b0, c00);
    c01 = madd(a, b1, c01);
    a = v128.load32_splat(p, 4);
    c10 = madd(a, b0, c10);
    c11 = madd(a, b1, c11);
    a = v128.load32_splat(p, 8);
    c20 = madd(a, b0, c20);
    c21 = madd(a, b1, c21);
    a = v128.load32_splat(p, 12);
    c30 = madd(a, b0, c30);
    c31 = madd(a, b1, c31);
    a = v128.load32_splat(p, 16);
    c40 = madd(a, b0, c40);
    c41 = madd(a, b1, c41);
    a = v128.load32_splat(p, 20);
    c50 = madd(a, b0, c50);
    c51 = madd(a, b1, c51);
    b += 32;
  }
  const inside = rows == ROWS && columns == COLUMNS;
  let target = inside ? c : tile;
  const step = inside ? rowBytes : <usize> (COLUMNS << 2);
  const add = inside && accumulate;
  put(target, c00, add);
  put(target + 16, c01, add);
  target += step;
  put(target, c10, add);
  put(target + 16, c11, add);
  target += step;
  put(target, c20, add);
  put(target + 16, c21, add);
  target += step;
  put(target, c30, add);
  put(target + 16, c31, add);
  target += step;
  put(target, c40, add);
  put(target + 16, c41, add);
  target += step;
  put(target, c50, add);
  put(target + 16, c51, add);
  if (!inside) putEdge(c, rowBytes, rows, columns, accumulate);
}

/**
 * Packs B[k, columns] into panels of 8 columns: panel after panel, in each k after k, columns
 * beyond the edge zero. `kBytes` and `columnBytes` are the steps of B.
 */
export function pack(
  target: usize,
  panelBytes: usize,
  b: usize,
  kBytes: usize,
  columnBytes: usize,
  k: i32,
  columns: i32,
): void {
  for (let first = 0; first < columns; first += COLUMNS) {
    const width = min(COLUMNS, columns - first);
    const source = b + <usize> first * columnBytes;
    const panel = target + <usize> (first / COLUMNS) * panelBytes;
    if (width == COLUMNS && columnBytes == 4) {
      for (let i = 0; i < k; i++) {
        const from = source + <usize> i * kBytes;
        const to = panel + (<usize> i << 5);
        v128.store(to, v128.load(from));
        v128.store(to, v128.load(from, 16), 16);
      }
      continue;
    }
    let done = 0;
    if (width == COLUMNS && kBytes == 4) {
      for (; done + 4 <= k; done += 4) {
        const from = source + (<usize> done << 2);
        const to = panel + (<usize> done << 5);
        transposeQuad(to, from, columnBytes);
        transposeQuad(to + 16, from + 4 * columnBytes, columnBytes);
      }
    }
    for (let j = 0; j < COLUMNS; j++) {
      let from = source + <usize> j * columnBytes + <usize> done * kBytes;
      let to = panel + (<usize> j << 2) + (<usize> done << 5);
      for (let i = done; i < k; i++) {
        store<f32>(to, j < width ? load<f32>(from) : 0);
        from += kBytes;
        to += 32;
      }
    }
  }
}

/** Four columns of four consecutive k each, to four rows of a panel. */
// @ts-ignore: decorator
@inline
function transposeQuad(to: usize, from: usize, columnBytes: usize): void {
  const a = v128.load(from);
  const b = v128.load(from + columnBytes);
  const c = v128.load(from + 2 * columnBytes);
  const d = v128.load(from + 3 * columnBytes);
  const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
  const cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const abHigh = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const cdHigh = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f32>(ab, cd, 0, 1, 4, 5));
  v128.store(to, v128.shuffle<f32>(ab, cd, 2, 3, 6, 7), 32);
  v128.store(to, v128.shuffle<f32>(abHigh, cdHigh, 0, 1, 4, 5), 64);
  v128.store(to, v128.shuffle<f32>(abHigh, cdHigh, 2, 3, 6, 7), 96);
}
