// Generated from assembly/ by `deno task build`; do not edit.
// deno-fmt-ignore-file

/** Number of parameters of each kernel, all of them i32. */
export const parameterCounts = {
  barrier: 2,
  convolution: 17,
  copyBytes: 4,
  gather: 7,
  inputGradient: 17,
  matmul: 21,
  pool: 12,
  poolGradient: 13,
  scatterAdd: 7,
  setScratch: 1,
  sumParts: 6,
  touchPages: 2,
  weightGradient: 17,
  zeroBytes: 3,
} as const;

// constants of assembly/constants.ts
export const MAX_CHANNELS = 16384;
export const MAX_TAPS = 1365;
export const MAX_WINDOW_ELEMENTS = 65536;
export const SCRATCH_BYTES = 3312192;
export const TILE_COLUMNS = 8;
export const TILE_ROWS = 6;
