import type { Values } from "./work.ts";

let seed = 1;

/** Uniform numbers from -1 to 1, others at each call and the same in each run of the program. */
export function randomValues(size: number): Values {
  // a linear congruential generator: quick, and random enough to be multiplied and added
  return Float32Array.from({ length: size }, () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 31 - 1;
  });
}

/** Random rows of unit length, `[rows, width]`. */
export function randomRows(rows: number, width: number): Values {
  const values = randomValues(rows * width);
  for (let start = 0; start < values.length; start += width) {
    const row = values.subarray(start, start + width);
    const length = Math.hypot(...row);
    row.forEach((value, i) => row[i] = value / length);
  }
  return values;
}
