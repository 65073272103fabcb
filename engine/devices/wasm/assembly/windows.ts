// Addresses of windows. Pixels of a grid are visited in order, so that no tile needs a division; a tile
// takes six of them and stores for each where its window begins, inside the image or not.

import { corners, TAPS_BYTES, zeros } from "./scratch";
import { ROWS } from "./tile";

/** Bytes of one corner: address where the window would begin, row, column, address of the result. */
export const CORNER_BYTES: usize = 16;
/** Bytes of one tap: row and column from the corner, and where its rows begin in a packed panel. */
export const TAP_BYTES: usize = 12;
/** Taps of the largest window that there is room for. */
export const MAX_TAPS: i32 = <i32> (TAPS_BYTES / TAP_BYTES);

/** The images that windows are read from. */
let height: i32 = 0;
let width: i32 = 0;
let pixelBytes: usize = 0;
let lineBytes: usize = 0;
let imageBytes: usize = 0;

/** Sets the images that windows are read from. */
export function setImages(imageHeight: i32, imageWidth: i32, channels: i32): void {
  height = imageHeight;
  width = imageWidth;
  pixelBytes = <usize> channels << 2;
  lineBytes = <usize> imageWidth * pixelBytes;
  imageBytes = <usize> imageHeight * lineBytes;
}

/** The grid of one window per result: neighbours are `stride` apart, the first begins at `-padding`. */
let rows: i32 = 0;
let columns: i32 = 0;
let stride: i32 = 0;
let padding: i32 = 0;
/** Bytes between results: neighbours in a line, lines, images. */
let columnStep: usize = 0;
let rowStep: usize = 0;
let imageStep: usize = 0;

/** The pixel that comes next. */
let row: i32 = 0;
let column: i32 = 0;
let image: usize = 0;
let result: usize = 0;

/** Sets the grid. */
export function setGrid(
  gridRows: i32,
  gridColumns: i32,
  windowStride: i32,
  windowPadding: i32,
  resultColumnStep: usize,
  resultRowStep: usize,
  resultImageStep: usize,
): void {
  rows = gridRows;
  columns = gridColumns;
  stride = windowStride;
  padding = windowPadding;
  columnStep = resultColumnStep;
  rowStep = resultRowStep;
  imageStep = resultImageStep;
}

/** Begins at pixel `first` of the grids of all images, whose first one is at `images`. */
export function begin(images: usize, results: usize, first: i32): void {
  const line = first / columns;
  column = first % columns;
  row = line % rows;
  image = images + <usize> (line / rows) * imageBytes;
  result = results + <usize> (line / rows) * imageStep;
}

/** Address where the window of the next pixel would begin. */
// @ts-ignore: decorator
@inline
function corner(top: i32, left: i32): usize {
  return image + <usize> top * lineBytes + <usize> left * pixelBytes;
}

// @ts-ignore: decorator
@inline
function advance(): void {
  if (++column < columns) return;
  column = 0;
  if (++row < rows) return;
  row = 0;
  image += imageBytes;
  result += imageStep;
}

/** Takes the next `count` pixels, at most six; the last one stands for those that are missing. */
export function nextTile(count: i32): void {
  for (let i = 0; i < ROWS; i++) {
    const target = corners + <usize> i * CORNER_BYTES;
    const top = row * stride - padding;
    const left = column * stride - padding;
    store<u32>(target, <u32> corner(top, left));
    store<i32>(target, top, 4);
    store<i32>(target, left, 8);
    store<u32>(target, <u32> (result + <usize> row * rowStep + <usize> column * columnStep), 12);
    if (i + 1 < count) advance();
  }
  advance();
}

/** Address of the pixel under a tap of the window whose corner is at `address`, or of zeros. */
// @ts-ignore: decorator
@inline
function tapAddress(address: usize, top: i32, left: i32, tapRow: i32, tapColumn: i32): usize {
  // one comparison for both ends: negative numbers are large as unsigned ones
  const inside = (<u32> (top + tapRow) < <u32> height) & (<u32> (left + tapColumn) < <u32> width);
  const there = address + <usize> tapRow * lineBytes + <usize> tapColumn * pixelBytes;
  return inside ? there : zeros;
}

/** Address of the pixel under a tap of one window of the tile. */
// @ts-ignore: decorator
@inline
export function tapAddressFrom(cornerIndex: i32, tap: usize): usize {
  const from = corners + <usize> cornerIndex * CORNER_BYTES;
  return tapAddress(load<u32>(from), load<i32>(from, 4), load<i32>(from, 8), load<i32>(tap), load<i32>(tap, 4));
}

/** Lists the addresses under a tap of the next `count` windows, four bytes each. */
export function listTapAddresses(list: usize, count: i32, tap: usize): void {
  const tapRow = load<i32>(tap);
  const tapColumn = load<i32>(tap, 4);
  const end = list + (<usize> count << 2);
  for (let target = list; target < end; target += 4) {
    const top = row * stride - padding;
    const left = column * stride - padding;
    store<u32>(target, <u32> tapAddress(corner(top, left), top, left, tapRow, tapColumn));
    advance();
  }
}
