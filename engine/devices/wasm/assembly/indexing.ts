// Rows of tables, and plain memory.

/** Copies table rows `[rows, bytes]` at clamped indices, for results `start <= i < end`. */
export function gather(
  table: usize,
  indices: usize,
  target: usize,
  rows: i32,
  bytes: usize,
  start: i32,
  end: i32,
): void {
  for (let i = start; i < end; i++) {
    const row = min(max(load<i32>(indices + (<usize> i << 2)), 0), rows - 1);
    memory.copy(target + <usize> i * bytes, table + <usize> row * bytes, bytes);
  }
}

/** Sums the updates of the table rows `start <= row < end`, each thread seeing all indices. */
export function scatterAdd(
  indices: usize,
  updates: usize,
  table: usize,
  count: i32,
  width: i32,
  start: i32,
  end: i32,
): void {
  const bytes = <usize> width << 2;
  memory.fill(table + <usize> start * bytes, 0, <usize> (end - start) * bytes);
  for (let i = 0; i < count; i++) {
    const row = load<i32>(indices + (<usize> i << 2));
    if (row < start || row >= end) continue;
    const target = table + <usize> row * bytes;
    const source = updates + <usize> i * bytes;
    let j: usize = 0;
    for (; j + 16 <= bytes; j += 16) {
      v128.store(target + j, f32x4.add(v128.load(target + j), v128.load(source + j)));
    }
    for (; j < bytes; j += 4) {
      store<f32>(target + j, load<f32>(target + j) + load<f32>(source + j));
    }
  }
}

export function zeroBytes(target: usize, start: usize, end: usize): void {
  memory.fill(target + start, 0, end - start);
}

export function copyBytes(source: usize, target: usize, start: usize, end: usize): void {
  memory.copy(target + start, source + start, end - start);
}

/** Sums `count` arrays of `size` floats that lie one after another, for elements `start <= i < end`. */
export function sumParts(
  parts: usize,
  target: usize,
  count: i32,
  size: i32,
  start: i32,
  end: i32,
): void {
  const bytes = <usize> size << 2;
  let i = <usize> start << 2;
  const last = <usize> end << 2;
  for (; i + 16 <= last; i += 16) {
    let sum = v128.load(parts + i);
    for (let part = 1; part < count; part++) {
      sum = f32x4.add(sum, v128.load(parts + <usize> part * bytes + i));
    }
    v128.store(target + i, sum);
  }
  for (; i < last; i += 4) {
    let sum = load<f32>(parts + i);
    for (let part = 1; part < count; part++) sum += load<f32>(parts + <usize> part * bytes + i);
    store<f32>(target + i, sum);
  }
}

const PAGE_BYTES: usize = 4096;

/** Writes to every page without changing it, so that the system provides it now and not in the middle of a kernel. */
export function touchPages(start: usize, end: usize): void {
  // counted, because the address after the last page of all memory is 0
  let pages = (end - start + PAGE_BYTES - 1) / PAGE_BYTES;
  for (let page = start; pages > 0; pages--, page += PAGE_BYTES) atomic.or<i32>(page, 0);
}
