// Convolution as an indirect matrix product: no patch matrix is ever made. Rows of the product are
// pixels; for each tap of the window, a tile of six pixels has six addresses of contiguous channels,
// or of zeros where the tap is outside the image. Taps that are outside for all six are left out.
// Where pixels have few channels, such as colours, the taps of a tile are copied next to each other.

import { addresses, BLOCK_K, copies, corners, panels, PATCH_FLOATS, patches, taps, tile, zeros } from "./scratch";
import { COLUMNS, pack, ROWS, SEGMENT_BYTES, tileOfRows, tilesOfColumns } from "./tile";
import { begin, CORNER_BYTES, listTapAddresses, setImages, nextTile, tapAddressFrom, setGrid, TAP_BYTES } from "./windows";

/** Floats of packed weights that are worked on at a time. */
const BLOCK_FLOATS: i32 = 1 << 17;
/** Patches of pixels of fewer channels are copied. */
const FEW_CHANNELS: i32 = 8;

/** Columns of a block, a multiple of the panel's. */
function blockColumns(k: i32): i32 {
  return max(COLUMNS, BLOCK_FLOATS / k / COLUMNS * COLUMNS);
}

/** Beginning of part `part` of `parts` of `count` pixels, at the edge of a tile. */
function partOf(count: i32, part: i32, parts: i32): i32 {
  return part == parts ? count : <i32> (<i64> count * part / parts / ROWS) * ROWS;
}

/** Stores a tap: its row and column from the corner, and its offset in a packed panel. */
function setTap(tap: i32, row: i32, column: i32, k: i32): void {
  const target = taps + <usize> tap * TAP_BYTES;
  store<i32>(target, row);
  store<i32>(target, column, 4);
  store<i32>(target, k << 5, 8);
}

/** All taps of a window, row by row. */
function setTaps(size: i32, length: i32): void {
  for (let tap = 0; tap < size * size; tap++) setTap(tap, tap / size, tap % size, tap * length);
}

/** The part of y = x * weight for part `part` of `parts` of its pixels and channels `columnStart <= j < columnEnd`. */
export function convolution(
  x: usize,
  weight: usize,
  y: usize,
  n: i32,
  height: i32,
  width: i32,
  inputs: i32,
  outHeight: i32,
  outWidth: i32,
  outputs: i32,
  size: i32,
  stride: i32,
  padding: i32,
  part: i32,
  parts: i32,
  columnStart: i32,
  columnEnd: i32,
): void {
  const k = size * size * inputs;
  const pixels = n * outHeight * outWidth;
  const start = partOf(pixels, part, parts);
  const end = partOf(pixels, part + 1, parts);
  const rowBytes = <usize> outputs << 2;
  const step = blockColumns(k);
  setImages(height, width, inputs);
  setGrid(outHeight, outWidth, stride, padding, 0, 0, 0);
  setTaps(size, inputs);
  for (let first = columnStart; first < columnEnd; first += step) {
    const columns = min(step, columnEnd - first);
    pack(panels, <usize> k << 5, weight + (<usize> first << 2), rowBytes, 4, k, columns);
    begin(x, 0, start);
    for (let pixel = start; pixel < end; pixel += ROWS) {
      const rows = min(ROWS, end - pixel);
      nextTile(rows);
      const target = y + <usize> pixel * rowBytes + (<usize> first << 2);
      productOfTile(size * size, inputs, k, columns, target, rowBytes, rows);
    }
  }
}

/** The product of the six windows of a tile and all packed panels, to rows at `c`. */
function productOfTile(
  tapCount: i32,
  length: i32,
  k: i32,
  columns: i32,
  c: usize,
  rowBytes: usize,
  rows: i32,
): void {
  let count = 1;
  let segmentLength = k;
  if (length < FEW_CHANNELS) copyWindows(tapCount, length, k);
  else {
    count = listWindows(tapCount);
    segmentLength = length;
  }
  for (let first = 0; first < columns; first += COLUMNS) {
    const panel = panels + (<usize> (first / COLUMNS * k) << 5);
    const width = min(COLUMNS, columns - first);
    tileOfRows(addresses, count, segmentLength, panel, c + (<usize> first << 2), rowBytes, rows, width, false);
  }
}

/** One segment for each tap that is inside for any of the six; returns their number. */
function listWindows(tapCount: i32): i32 {
  let count = 0;
  for (let tap = 0; tap < tapCount; tap++) {
    const from = taps + <usize> tap * TAP_BYTES;
    const segment = addresses + <usize> count * SEGMENT_BYTES;
    let any = false;
    for (let i = 0; i < ROWS; i++) {
      const address = tapAddressFrom(i, from);
      any = any || address != zeros;
      store<u32>(segment + (<usize> i << 2), <u32> address, 4);
    }
    store<u32>(segment, load<u32>(from, 8));
    if (any) count++;
  }
  return count;
}

/** One segment of six rows that hold all taps. */
function copyWindows(tapCount: i32, length: i32, k: i32): void {
  // room for the vector that the last tap may write beyond its end
  const bytes = <usize> (k + FEW_CHANNELS) << 2;
  store<u32>(addresses, 0);
  for (let i = 0; i < ROWS; i++) {
    const target = copies + <usize> i * bytes;
    for (let tap = 0; tap < tapCount; tap++) {
      copyPixel(target + (<usize> (tap * length) << 2), tapAddressFrom(i, taps + <usize> tap * TAP_BYTES), length);
    }
    store<u32>(addresses + (<usize> i << 2), <u32> target, 4);
  }
}

/** Copies the few channels of a pixel and some of what follows, which a later copy overwrites. */
// @ts-ignore: decorator
@inline
function copyPixel(target: usize, source: usize, length: i32): void {
  v128.store(target, v128.load(source));
  if (length > 4) v128.store(target, v128.load(source, 16), 16);
}

/**
 * The part of dx for part `part` of `parts` of its pixels and channels `columnStart <= j < columnEnd`.
 * A stride makes classes of pixels, which see different taps; within a class, windows on dy are
 * neighbours.
 */
export function inputGradient(
  dy: usize,
  weight: usize,
  dx: usize,
  n: i32,
  height: i32,
  width: i32,
  inputs: i32,
  outHeight: i32,
  outWidth: i32,
  outputs: i32,
  size: i32,
  stride: i32,
  padding: i32,
  part: i32,
  parts: i32,
  columnStart: i32,
  columnEnd: i32,
): void {
  const pixelBytes = <usize> inputs << 2;
  const lineBytes = <usize> width * pixelBytes;
  setImages(outHeight, outWidth, outputs);
  for (let y = 0; y < min(stride, height); y++) {
    for (let x = 0; x < min(stride, width); x++) {
      const rows = (height - y + stride - 1) / stride;
      const columns = (width - x + stride - 1) / stride;
      setGrid(
        rows,
        columns,
        1,
        0,
        <usize> stride * pixelBytes,
        <usize> stride * lineBytes,
        <usize> height * lineBytes,
      );
      const target = dx + <usize> y * lineBytes + <usize> x * pixelBytes;
      const pixels = n * rows * columns;
      const start = partOf(pixels, part, parts);
      const end = partOf(pixels, part + 1, parts);
      gradientOfClass(dy, weight, target, y + padding, x + padding, size, stride, inputs, outputs, start, end, columnStart, columnEnd);
    }
  }
}

/** dx for the pixels `start <= i < end` of a class, whose first one is at row `y` and column `x` of the padded image. */
function gradientOfClass(
  dy: usize,
  weight: usize,
  dx: usize,
  y: i32,
  x: i32,
  size: i32,
  stride: i32,
  inputs: i32,
  outputs: i32,
  start: i32,
  end: i32,
  columnStart: i32,
  columnEnd: i32,
): void {
  let count = 0;
  for (let row = y % stride; row < size; row += stride) {
    for (let column = x % stride; column < size; column += stride) {
      setTap(count, (y - row) / stride, (x - column) / stride, count * outputs);
      count++;
    }
  }
  const k = count * outputs;
  const rowBytes = <usize> inputs << 2;
  const step = blockColumns(max(k, 1));
  for (let first = columnStart; first < columnEnd; first += step) {
    const columns = min(step, columnEnd - first);
    // weight [tap, inputs, outputs] -> panels of inputs, k = (tap of the class, output)
    let tap = 0;
    for (let row = y % stride; row < size; row += stride) {
      for (let column = x % stride; column < size; column += stride) {
        const source = weight + (<usize> (((row * size + column) * inputs + first) * outputs) << 2);
        const target = panels + (<usize> (tap++ * outputs) << 5);
        pack(target, <usize> k << 5, source, 4, <usize> outputs << 2, outputs, columns);
      }
    }
    begin(dy, dx + (<usize> first << 2), start);
    for (let pixel = start; pixel < end; pixel += ROWS) {
      const rows = min(ROWS, end - pixel);
      nextTile(rows);
      if (stride == 1) {
        productOfTile(count, outputs, k, columns, load<u32>(corners, 12), rowBytes, rows);
      } else spreadTile(count, outputs, k, columns, rows);
    }
  }
}

/** The product of a tile whose rows are scattered to the addresses in the corners. */
function spreadTile(tapCount: i32, length: i32, k: i32, columns: i32, rows: i32): void {
  const count = listWindows(tapCount);
  for (let first = 0; first < columns; first += COLUMNS) {
    const panel = panels + (<usize> (first / COLUMNS * k) << 5);
    const bytes = <usize> min(COLUMNS, columns - first) << 2;
    tileOfRows(addresses, count, length, panel, tile, <usize> COLUMNS << 2, ROWS, COLUMNS, false);
    for (let i = 0; i < rows; i++) {
      const target = <usize> load<u32>(corners + <usize> i * CORNER_BYTES, 12) + (<usize> first << 2);
      const source = tile + (<usize> (i * COLUMNS) << 2);
      if (bytes == 32) {
        v128.store(target, v128.load(source));
        v128.store(target, v128.load(source, 16), 16);
      } else memory.copy(target, source, bytes);
    }
  }
}

/**
 * dweight[tap, input, output], summed over part `part` of `parts` of the pixels, into the `part`-th of
 * as many arrays at `dweight`; share `share` of `shares` of its tiles. Rows of the result are inputs,
 * tap after tap: each tap has ceil(inputs / 6) tiles; where there are few inputs, all taps together
 * have ceil(taps x inputs / 6).
 */
export function weightGradient(
  x: usize,
  dy: usize,
  dweight: usize,
  n: i32,
  height: i32,
  width: i32,
  inputs: i32,
  outHeight: i32,
  outWidth: i32,
  outputs: i32,
  size: i32,
  stride: i32,
  padding: i32,
  part: i32,
  parts: i32,
  share: i32,
  shares: i32,
): void {
  const tapCount = size * size;
  const few = inputs < FEW_CHANNELS;
  const groupRows = few ? tapCount * inputs : inputs;
  const tiles = (groupRows + ROWS - 1) / ROWS;
  const units = few ? tiles : tapCount * tiles;
  const start = units * share / shares;
  const end = units * (share + 1) / shares;
  const pixels = n * outHeight * outWidth;
  const pixelStart = partOf(pixels, part, parts);
  const pixelEnd = partOf(pixels, part + 1, parts);
  const copyBytes = <usize> (groupRows + FEW_CHANNELS) << 2;
  const block = few ? min(BLOCK_K, PATCH_FLOATS / (groupRows + FEW_CHANNELS)) : BLOCK_K;
  const rowBytes = <usize> outputs << 2;
  const target = dweight + <usize> (part * tapCount * inputs) * rowBytes;
  const step = blockColumns(block);
  setImages(height, width, inputs);
  setGrid(outHeight, outWidth, stride, padding, 0, 0, 0);
  setTaps(size, inputs);
  for (let first = 0; first < outputs; first += step) {
    const columns = min(step, outputs - first);
    for (let pixel = pixelStart; pixel < pixelEnd; pixel += block) {
      const count = min(block, pixelEnd - pixel);
      const source = dy + <usize> pixel * rowBytes + (<usize> first << 2);
      pack(panels, <usize> count << 5, source, rowBytes, 4, count, columns);
      if (few) {
        copyPatches(x, pixel, count, tapCount, inputs, copyBytes);
        for (let i = 0; i < count; i++) {
          store<u32>(addresses + (<usize> i << 2), <u32> (patches + <usize> i * copyBytes));
        }
      }
      let listed = -1;
      for (let unit = start; unit < end; unit++) {
        const group = unit / tiles;
        if (!few && group != listed) {
          begin(x, 0, pixel);
          listTapAddresses(addresses, count, taps + <usize> group * TAP_BYTES);
          listed = group;
        }
        const row = unit % tiles * ROWS;
        const rows = min(ROWS, groupRows - row);
        const c = target + <usize> (group * groupRows + row) * rowBytes + (<usize> first << 2);
        tilesOfColumns(count, <usize> row << 2, panels, c, rowBytes, rows, columns, pixel > pixelStart);
      }
    }
  }
}

/** Copies the windows of `count` pixels of few channels, one row for each pixel. */
function copyPatches(x: usize, pixel: i32, count: i32, tapCount: i32, inputs: i32, bytes: usize): void {
  begin(x, 0, pixel);
  for (let done = 0; done < count; done += ROWS) {
    const rows = min(ROWS, count - done);
    nextTile(rows);
    for (let i = 0; i < rows; i++) {
      const target = patches + <usize> (done + i) * bytes;
      for (let tap = 0; tap < tapCount; tap++) {
        copyPixel(target + (<usize> (tap * inputs) << 2), tapAddressFrom(i, taps + <usize> tap * TAP_BYTES), inputs);
      }
    }
  }
}
