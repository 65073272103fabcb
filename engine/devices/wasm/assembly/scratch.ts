// Memory that each thread has to itself. In order: a run of zeros, which stands for pixels outside
// an image; a list of addresses; the corners and taps of windows; a spill tile; packed panels of one
// operand; rows copied from the other.

/** Floats that are always zero. */
export const ZERO_FLOATS: i32 = 16384;
const ADDRESS_BYTES: usize = 1 << 16;
const CORNERS_BYTES: usize = 256;
const TAPS_BYTES: usize = 1 << 14;
const TILE_BYTES: usize = 256;
const PANEL_BYTES: usize = 2 << 20;

export let zeros: usize = 0;
export let addresses: usize = 0;
export let corners: usize = 0;
export let taps: usize = 0;
export let tile: usize = 0;
export let panels: usize = 0;
export let copies: usize = 0;

/** Tells this thread where its scratch memory begins. */
export function setScratch(start: usize): void {
  zeros = start;
  memory.fill(zeros, 0, <usize> ZERO_FLOATS * 4);
  addresses = zeros + <usize> ZERO_FLOATS * 4;
  corners = addresses + ADDRESS_BYTES;
  taps = corners + CORNERS_BYTES;
  tile = taps + TAPS_BYTES;
  panels = tile + TILE_BYTES;
  copies = panels + PANEL_BYTES;
}
