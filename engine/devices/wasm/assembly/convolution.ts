// Convolution as an indirect matrix product: no patch matrix is ever made. Rows of the product are
// pixels; for each tap of the window, a tile of six pixels has six addresses of contiguous channels,
// or of zeros where the tap is outside the image. Taps that are outside for all six are left out.

import { addresses, panels, zeros } from "./scratch";
import { COLUMNS, pack, ROWS, SEGMENT_BYTES, tileOfColumns, tileOfRows } from "./tile";

/** Floats of packed weights that are worked on at a time. */
const BLOCK_FLOATS: i32 = 1 << 17;
/** Pixels over which a weight gradient is summed at a time. */
const BLOCK_PIXELS: i32 = 1024;

/** Columns of a block, a multiple of the panel's. */
function blockColumns(k: i32): i32 {
  return max(COLUMNS, BLOCK_FLOATS / k / COLUMNS * COLUMNS);
}

/** Address of the pixel that a tap sees from result pixel (y, x) of image `image`, or of zeros. */
// @ts-ignore: decorator
@inline
function seen(
  image: usize,
  height: i32,
  width: i32,
  pixelBytes: usize,
  y: i32,
  x: i32,
): usize {
  // one comparison for both ends: negative numbers are large as unsigned ones
  if (<u32> y >= <u32> height || <u32> x >= <u32> width) return zeros;
  return image + <usize> (y * width + x) * pixelBytes;
}

/** y = x * weight for the result pixels `start <= i < end` and channels `columnStart <= j < columnEnd`. */
export function convolution(
  x: usize,
  weight: usize,
  y: usize,
  height: i32,
  width: i32,
  inputs: i32,
  outHeight: i32,
  outWidth: i32,
  outputs: i32,
  size: i32,
  stride: i32,
  padding: i32,
  start: i32,
  end: i32,
  columnStart: i32,
  columnEnd: i32,
): void {
  const taps = size * size;
  const k = taps * inputs;
  const imageBytes = <usize> (height * width * inputs) << 2;
  const pixelBytes = <usize> inputs << 2;
  const rowBytes = <usize> outputs << 2;
  const step = blockColumns(k);
  for (let first = columnStart; first < columnEnd; first += step) {
    const columns = min(step, columnEnd - first);
    pack(panels, <usize> k << 5, weight + (<usize> first << 2), rowBytes, 4, k, columns);
    for (let pixel = start; pixel < end; pixel += ROWS) {
      const rows = min(ROWS, end - pixel);
      let count = 0;
      for (let tap = 0; tap < taps; tap++) {
        const segment = addresses + <usize> count * SEGMENT_BYTES;
        let any = false;
        for (let i = 0; i < ROWS; i++) {
          const p = pixel + min(i, rows - 1);
          const column = p % outWidth;
          const line = p / outWidth;
          const image = x + <usize> (line / outHeight) * imageBytes;
          const top = (line % outHeight) * stride - padding + tap / size;
          const left = column * stride - padding + tap % size;
          const address = seen(image, height, width, pixelBytes, top, left);
          any = any || address != zeros;
          store<u32>(segment + 4 + (<usize> i << 2), <u32> address);
        }
        if (!any) continue;
        store<u32>(segment, <u32> (tap * inputs) << 5);
        count++;
      }
      emit(count, inputs, k, columns, y + <usize> pixel * rowBytes + (<usize> first << 2), rowBytes, rows);
    }
  }
}

/** The tiles of one run of six rows against all packed panels. */
function emit(count: i32, length: i32, k: i32, columns: i32, c: usize, rowBytes: usize, rows: i32): void {
  for (let first = 0; first < columns; first += COLUMNS) {
    const panel = panels + (<usize> (first / COLUMNS * k) << 5);
    const width = min(COLUMNS, columns - first);
    tileOfRows(addresses, count, length, panel, c + (<usize> first << 2), rowBytes, rows, width, false);
  }
}

/** dx for the input pixels `start <= i < end` and channels `columnStart <= j < columnEnd`. */
export function inputGradient(
  dy: usize,
  weight: usize,
  dx: usize,
  height: i32,
  width: i32,
  inputs: i32,
  outHeight: i32,
  outWidth: i32,
  outputs: i32,
  size: i32,
  stride: i32,
  padding: i32,
  start: i32,
  end: i32,
  columnStart: i32,
  columnEnd: i32,
): void {
  const taps = size * size;
  const k = taps * outputs;
  const imageBytes = <usize> (outHeight * outWidth * outputs) << 2;
  const pixelBytes = <usize> outputs << 2;
  const rowBytes = <usize> inputs << 2;
  const step = blockColumns(k);
  for (let first = columnStart; first < columnEnd; first += step) {
    const columns = min(step, columnEnd - first);
    // weight [tap, inputs, outputs] -> panels of inputs, k = (tap, output)
    for (let tap = 0; tap < taps; tap++) {
      const source = weight + (<usize> ((tap * inputs + first) * outputs) << 2);
      pack(
        panels + (<usize> (tap * outputs) << 5),
        <usize> k << 5,
        source,
        4,
        pixelBytes,
        outputs,
        columns,
      );
    }
    for (let pixel = start; pixel < end; pixel += ROWS) {
      const rows = min(ROWS, end - pixel);
      let count = 0;
      for (let tap = 0; tap < taps; tap++) {
        const segment = addresses + <usize> count * SEGMENT_BYTES;
        let any = false;
        for (let i = 0; i < ROWS; i++) {
          const p = pixel + min(i, rows - 1);
          const column = p % width;
          const line = p / width;
          const image = dy + <usize> (line / height) * imageBytes;
          const top = line % height + padding - tap / size;
          const left = column + padding - tap % size;
          const aligned = top % stride == 0 && left % stride == 0;
          const address = aligned
            ? seen(image, outHeight, outWidth, pixelBytes, top / stride, left / stride)
            : zeros;
          any = any || address != zeros;
          store<u32>(segment + 4 + (<usize> i << 2), <u32> address);
        }
        if (!any) continue;
        store<u32>(segment, <u32> (tap * outputs) << 5);
        count++;
      }
      emit(count, outputs, k, columns, dx + <usize> pixel * rowBytes + (<usize> first << 2), rowBytes, rows);
    }
  }
}

/**
 * dweight[tap, input, output], summed over all pixels, for the tiles `start <= i < end`; tap after
 * tap, each has ceil(inputs / 6) tiles.
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
  start: i32,
  end: i32,
): void {
  const pixels = n * outHeight * outWidth;
  const tiles = (inputs + ROWS - 1) / ROWS;
  const imageBytes = <usize> (height * width * inputs) << 2;
  const rowBytes = <usize> outputs << 2;
  const step = blockColumns(BLOCK_PIXELS);
  for (let first = 0; first < outputs; first += step) {
    const columns = min(step, outputs - first);
    for (let pixel = 0; pixel < pixels; pixel += BLOCK_PIXELS) {
      const count = min(BLOCK_PIXELS, pixels - pixel);
      const source = dy + <usize> pixel * rowBytes + (<usize> first << 2);
      pack(panels, <usize> count << 5, source, rowBytes, 4, count, columns);
      let listed = -1;
      for (let unit = start; unit < end; unit++) {
        const tap = unit / tiles;
        if (tap != listed) {
          for (let i = 0; i < count; i++) {
            const p = pixel + i;
            const column = p % outWidth;
            const line = p / outWidth;
            const image = x + <usize> (line / outHeight) * imageBytes;
            const top = (line % outHeight) * stride - padding + tap / size;
            const left = column * stride - padding + tap % size;
            const address = seen(image, height, width, <usize> inputs << 2, top, left);
            store<u32>(addresses + (<usize> i << 2), <u32> address);
          }
          listed = tap;
        }
        const row = unit % tiles * ROWS;
        const rows = min(ROWS, inputs - row);
        const c = dweight + <usize> (tap * inputs + row) * rowBytes + (<usize> first << 2);
        for (let j = 0; j < columns; j += COLUMNS) {
          const panel = panels + (<usize> (j / COLUMNS * count) << 5);
          tileOfColumns(
            addresses,
            count,
            <usize> row << 2,
            panel,
            c + (<usize> j << 2),
            rowBytes,
            rows,
            min(COLUMNS, columns - j),
            pixel > 0,
          );
        }
      }
    }
  }
}
