import {
  checkNatural,
  checkPositive,
  sameShape,
  type Shape,
  type Tensor,
} from "../graph/tensor.ts";

/** Geometry of a convolution or pooling window, NHWC, the same in both directions. */
export interface Window {
  /** Height and width of the window. */
  readonly size: number;
  /** Step between windows. */
  readonly stride: number;
  /** Zeros (for a maximum: nothing) added on each side. */
  readonly padding: number;
}

/**
 * Number of windows along an axis of `size`.
 *
 * @throws {RangeError} if there is none, or size, stride or padding of the window are not whole
 * numbers of at least 1, 1 and 0.
 */
export function windowCount(size: number, window: Window): number {
  checkPositive(window.size, "the size of a window");
  checkPositive(window.stride, "the stride of a window");
  checkNatural(window.padding, "the padding of a window");
  const count =
    Math.floor((size + 2 * window.padding - window.size) / window.stride) + 1;
  if (count < 1) {
    throw new RangeError(
      `an axis of ${size} is too short for a window of ${window.size}`,
    );
  }
  return count;
}

/** @throws {RangeError} if `shape` is not that of images. */
export function checkImage(name: string, shape: Shape): void {
  if (shape.length !== 4) {
    throw new RangeError(
      `${name} needs an image [n, height, width, channels], not [${shape}]`,
    );
  }
}

/** @throws {RangeError} if a gradient has another shape than what it belongs to. */
export function checkGradient({ shape }: Tensor, expected: Shape): void {
  if (!sameShape(shape, expected)) {
    throw new RangeError(
      `the gradient of [${expected}] must have that shape, not [${shape}]`,
    );
  }
}
