// Memory that each thread has to itself. In order: a run of zeros, which stands for pixels outside
// an image; a list of addresses; a spill tile; packed panels.

/** Floats that are always zero. */
export const ZERO_FLOATS: i32 = 16384;
const ADDRESS_BYTES: usize = 1 << 16;
const TILE_BYTES: usize = 256;

export let zeros: usize = 0;
export let addresses: usize = 0;
export let tile: usize = 0;
export let panels: usize = 0;

/** Tells this thread where its scratch memory begins. */
export function setScratch(start: usize): void {
  zeros = start;
  memory.fill(zeros, 0, <usize> ZERO_FLOATS * 4);
  addresses = zeros + <usize> ZERO_FLOATS * 4;
  tile = addresses + ADDRESS_BYTES;
  panels = tile + TILE_BYTES;
}
