// Scratch memory of one thread. In order: zeros, read for pixels outside an image; a list of addresses;
// the addresses of copied rows; the corners and taps of windows; a tile for results at an edge; packed
// panels of one operand; rows copied from the other; patches of images.

/** Floats that are always zero. */
export const ZERO_FLOATS: i32 = 16384;
const ADDRESS_BYTES: usize = 1 << 16;
/** Most inner indices that a product works on at a time. */
export const BLOCK_K: i32 = 512;
const COPIED_BYTES: usize = <usize> BLOCK_K << 2;
/** Bytes from one copied row of a tile to the next: two vectors. */
export const COPY_STEP: usize = 32;
const CORNERS_BYTES: usize = 256;
export const TAPS_BYTES: usize = 1 << 14;
const TILE_BYTES: usize = 256;
export const PANELS_BYTES: usize = 2 << 20;
const COPIES_BYTES: usize = <usize> BLOCK_K * COPY_STEP;
/** Floats of copied patches that a weight gradient works on at a time. */
export const PATCH_FLOATS: i32 = 1 << 18;

/** Scratch memory of one thread; the last copied patch may be written a vector beyond its end. */
export const SCRATCH_BYTES: usize = <usize> ZERO_FLOATS * 4 + ADDRESS_BYTES + COPIED_BYTES + CORNERS_BYTES +
  TAPS_BYTES + TILE_BYTES + PANELS_BYTES + COPIES_BYTES + <usize> PATCH_FLOATS * 4 + 64;

export let zeros: usize = 0;
export let addresses: usize = 0;
export let copiedRows: usize = 0;
export let corners: usize = 0;
export let taps: usize = 0;
export let tile: usize = 0;
export let panels: usize = 0;
export let copies: usize = 0;
export let patches: usize = 0;

/** Sets the beginning of the scratch memory of this thread. */
export function setScratch(start: usize): void {
  zeros = start;
  memory.fill(zeros, 0, <usize> ZERO_FLOATS * 4);
  addresses = zeros + <usize> ZERO_FLOATS * 4;
  copiedRows = addresses + ADDRESS_BYTES;
  corners = copiedRows + COPIED_BYTES;
  taps = corners + CORNERS_BYTES;
  tile = taps + TAPS_BYTES;
  panels = tile + TILE_BYTES;
  copies = panels + PANELS_BYTES;
  patches = copies + COPIES_BYTES;
  for (let k = 0; k < BLOCK_K; k++) {
    store<u32>(copiedRows + (<usize> k << 2), <u32> (copies + <usize> k * COPY_STEP));
  }
}
