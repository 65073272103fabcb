import {
  batchNorm,
  child,
  convolve,
  type NaiveImages,
  relu,
  sum,
  type Weights,
} from "./naive.ts";

/** The convolutions of a block: window size and stride. */
export type NaiveBlock = readonly (readonly [size: number, stride: number])[];

/** Two 3x3 convolutions. */
export const basic = (stride: number): NaiveBlock => [[3, stride], [3, 1]];

/** A narrow 3x3 convolution between two 1x1. */
export const bottleneck = (
  stride: number,
): NaiveBlock => [[1, 1], [3, stride], [1, 1]];

/** A pre-activation block; the shortcut is taken after the first activation where it has a weight. */
export function block(
  x: NaiveImages,
  weights: Weights,
  convolutions: NaiveBlock,
  hasShortcut: boolean,
): NaiveImages {
  let y = x;
  let shortcut = x;
  for (const [i, [size, stride]] of convolutions.entries()) {
    const data = relu(batchNorm(y.data, child(weights, `norms.${i}`)));
    y = { ...y, data };
    if (i === 0 && hasShortcut) {
      const most = Math.max(...convolutions.map(([, stride]) => stride));
      shortcut = convolve(y, weights("shortcut.weight"), 1, most);
    }
    y = convolve(y, weights(`convolutions.${i}.weight`), size, stride);
  }
  return { ...y, data: sum(y.data, shortcut.data) };
}
