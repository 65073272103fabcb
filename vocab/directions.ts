import { normalArray } from "../engine/ops/random.ts";

/** Random directions, uniform on the sphere: `[entries, width]`, rows of unit length. */
export function randomDirections(
  entries: number,
  width: number,
  seed: number,
): Float32Array<ArrayBuffer> {
  const values = normalArray(entries * width, 1, seed, 0);
  for (let start = 0; start < values.length; start += width) {
    const row = values.subarray(start, start + width);
    const length = Math.sqrt(row.reduce((sum, value) => sum + value ** 2, 0));
    row.forEach((value, i) => row[i] = value / length);
  }
  return values;
}
