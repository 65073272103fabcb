// Sizes that TypeScript shares with the kernels. `build.ts` reads their values from here.
import { PANELS_BYTES, SCRATCH_BYTES, ZERO_FLOATS } from "./scratch";
import { COLUMNS, ROWS } from "./tile";
import { MAX_TAPS } from "./windows";

export { MAX_TAPS, SCRATCH_BYTES };
export const TILE_ROWS: i32 = ROWS;
export const TILE_COLUMNS: i32 = COLUMNS;
/** Most channels of a pixel that zeros can stand for. */
export const MAX_CHANNELS: i32 = ZERO_FLOATS;
/** Most elements of a window (taps times channels): one packed panel of weights must fit. */
export const MAX_WINDOW_ELEMENTS: i32 = <i32> (PANELS_BYTES / 4) / COLUMNS;
