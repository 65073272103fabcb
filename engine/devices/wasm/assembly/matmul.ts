// Batched matrix product with strided operands. B is packed block by block (BLOCK_K x BLOCK_COLUMNS,
// which stays in the second-level cache); A is read where it lies.

import { addresses, BLOCK_K, copies, panels } from "./scratch";
import { COLUMNS, pack, ROWS, tileOfRows, tilesOfColumns } from "./tile";

const BLOCK_COLUMNS: i32 = 128;

/**
 * c[batch, m, n] = a[batch, m, k] b[batch, k, n]; c is row-major, strides of a and b in bytes. Works
 * on the batches, rows and columns that the last six arguments name; `batch1` is the inner of the
 * two batch loops.
 */
export function matmul(
  a: usize,
  b: usize,
  c: usize,
  m: i32,
  n: i32,
  k: i32,
  batch1: i32,
  aBatch0: usize,
  aBatch1: usize,
  aRow: usize,
  aK: usize,
  bBatch0: usize,
  bBatch1: usize,
  bK: usize,
  bColumn: usize,
  batchStart: i32,
  batchEnd: i32,
  rowStart: i32,
  rowEnd: i32,
  columnStart: i32,
  columnEnd: i32,
): void {
  const rowBytes = <usize> n << 2;
  for (let batch = batchStart; batch < batchEnd; batch++) {
    const outer = <usize> (batch / batch1);
    const inner = <usize> (batch % batch1);
    const aStart = a + outer * aBatch0 + inner * aBatch1;
    const bStart = b + outer * bBatch0 + inner * bBatch1;
    const cStart = c + <usize> batch * <usize> m * rowBytes;
    for (let first = columnStart; first < columnEnd; first += BLOCK_COLUMNS) {
      const columns = min(BLOCK_COLUMNS, columnEnd - first);
      for (let firstK = 0; firstK < k; firstK += BLOCK_K) {
        const count = min(BLOCK_K, k - firstK);
        const bBlock = bStart + <usize> firstK * bK + <usize> first * bColumn;
        pack(panels, <usize> count << 5, bBlock, bK, bColumn, count, columns);
        block(
          aStart + <usize> firstK * aK,
          aRow,
          aK,
          count,
          cStart + (<usize> first << 2),
          rowBytes,
          columns,
          rowStart,
          rowEnd,
          firstK > 0,
        );
      }
    }
  }
}

/** The packed block times the rows of A: by rows or by columns, whichever lies contiguous. */
function block(
  a: usize,
  aRow: usize,
  aK: usize,
  count: i32,
  c: usize,
  rowBytes: usize,
  columns: i32,
  rowStart: i32,
  rowEnd: i32,
  accumulate: bool,
): void {
  const panelBytes = <usize> count << 5;
  const byColumns = aRow == 4 && aK != 4;
  if (byColumns) {
    for (let i = 0; i < count; i++) store<u32>(addresses + (<usize> i << 2), <u32> (a + <usize> i * aK));
  }
  for (let row = rowStart; row < rowEnd; row += ROWS) {
    const rows = min(ROWS, rowEnd - row);
    const target = c + <usize> row * rowBytes;
    if (byColumns) {
      tilesOfColumns(count, <usize> row << 2, panels, target, rowBytes, rows, columns, accumulate);
      continue;
    }
    listRows(a + <usize> row * aRow, aRow, aK, rows, count);
    for (let first = 0; first < columns; first += COLUMNS) {
      const width = min(COLUMNS, columns - first);
      const panel = panels + <usize> (first / COLUMNS) * panelBytes;
      tileOfRows(addresses, 1, count, panel, target + (<usize> first << 2), rowBytes, rows, width, accumulate);
    }
  }
}

/** One segment whose six addresses are the rows, the last one repeated; copied if not contiguous. */
function listRows(a: usize, aRow: usize, aK: usize, rows: i32, count: i32): void {
  store<u32>(addresses, 0);
  for (let i = 0; i < ROWS; i++) {
    let source = a + <usize> min(i, rows - 1) * aRow;
    if (aK != 4) {
      const copy = copies + (<usize> (i * count) << 2);
      for (let j = 0; j < count; j++) {
        store<f32>(copy + (<usize> j << 2), load<f32>(source + <usize> j * aK));
      }
      source = copy;
    }
    store<u32>(addresses + 4 + (<usize> i << 2), <u32> source);
  }
}
