import { matmul } from "../../engine/ops/matmul.ts";
import {
  abs,
  add,
  cast,
  clamp,
  divide,
  equal,
  less,
  maximum,
  multiply,
  select,
  subtract,
} from "../../engine/ops/elementwise.ts";
import { iota } from "../../engine/ops/iota.ts";
import { broadcastTo, permute, reshape } from "../../engine/ops/movement.ts";
import { sum } from "../../engine/ops/reduction.ts";
import { constant, type Tensor } from "../../engine/graph/tensor.ts";

/**
 * Crops, resizes, flips and translations are linear along each axis, so each is a pair of small
 * matrices `[n, out, in]` between which an image is multiplied. Here they are made, and applied.
 */

/** Position of each output pixel, counted from the other end where `flip` `[n]` is 1: `[n, out, 1]`. */
function outputPositions(n: number, out: number, flip: Tensor): Tensor {
  const position = iota([n, out, 1], 1, "f32");
  return select(
    reshape(flip, [n, 1, 1]),
    subtract(out - 1, position),
    position,
  );
}

/** Cubic convolution kernel with a = -1/2 (Keys 1981). */
function cubic(x: Tensor): Tensor {
  const distance = abs(x);
  const squared = multiply(distance, distance);
  const near = add(
    multiply(squared, subtract(multiply(distance, 1.5), 2.5)),
    1,
  );
  const far = add(
    multiply(squared, add(multiply(distance, -0.5), 2.5)),
    add(multiply(distance, -4), 2),
  );
  return select(less(distance, 1), near, select(less(distance, 2), far, 0));
}

/**
 * Resamples the run of `length` pixels that begins at `start` to `out` pixels: bicubic, with the
 * kernel widened when shrinking, as Pillow does it.
 *
 * @param start first pixel of the run in each image, `[n]`
 * @param length pixels of the run in each image, `[n]`
 * @param flip 1 where the result is mirrored, `[n]`
 * @returns `[n, out, size]`; rows sum to 1
 */
export function resizeMatrix(
  start: Tensor,
  length: Tensor,
  flip: Tensor,
  out: number,
  size: number,
): Tensor {
  const n = start.size;
  const column = (x: Tensor) => reshape(x, [n, 1, 1]);
  const [first, extent] = [column(start), column(length)];
  const scale = multiply(extent, 1 / out);
  const center = add(
    first,
    multiply(add(outputPositions(n, out, flip), 0.5), scale),
  );
  // [n, out, size]
  const pixel = add(iota([n, out, size], 2, "f32"), 0.5);
  const weight = cubic(divide(subtract(pixel, center), maximum(scale, 1)));
  const inside = multiply(less(first, pixel), less(pixel, add(first, extent)));
  const weights = multiply(weight, inside);
  return divide(weights, sum(weights, { axes: [2], keepAxes: true }));
}

/**
 * Moves images by whole pixels; what is missing is reflected at the edge.
 *
 * @param shift pixels by which each image is moved, `[n]`
 * @param flip 1 where the image is mirrored first, `[n]`
 * @returns `[n, size, size]`, a single 1 in each row
 */
export function translateMatrix(
  shift: Tensor,
  flip: Tensor,
  size: number,
): Tensor {
  const n = shift.size;
  const moved = abs(
    subtract(iota([n, size, 1], 1, "f32"), reshape(shift, [n, 1, 1])),
  );
  const reflected = subtract(size - 1, abs(subtract(size - 1, moved)));
  const source = select(
    reshape(flip, [n, 1, 1]),
    subtract(size - 1, reflected),
    reflected,
  );
  return cast(equal(source, iota([n, size, size], 2, "f32")), "f32");
}

/**
 * Applies one matrix down the rows and one along the columns.
 *
 * @param images `[n, 3, height, width]`, u8
 * @param vertical `[n * views, out, height]`
 * @param horizontal `[n * views, out, width]`
 * @returns `[n * views, out, 3, out]`: rows, colours, columns; 0 to 1
 */
export function sample(
  images: Tensor,
  vertical: Tensor,
  horizontal: Tensor,
): Tensor {
  const [n, , height, width] = images.shape;
  const [total, out] = vertical.shape;
  const views = total / n;
  // [n, 3, height, width] -> [n, 1, height, 3 * width] -> for each view
  const rows = reshape(
    permute(multiply(cast(images, "f32"), 1 / 255), [0, 2, 1, 3]),
    [
      n,
      1,
      height,
      3 * width,
    ],
  );
  const seen = broadcastTo(rows, [n, views, height, 3 * width]);
  // [n, views, out, height] x [n, views, height, 3 * width] -> [n, views, out, 3 * width]
  const shrunk = matmul(reshape(vertical, [n, views, out, height]), seen);
  // [total, out * 3, width] x [total, width, out] -> [total, out * 3, out]
  const result = matmul(reshape(shrunk, [total, out * 3, width]), horizontal, {
    transposeB: true,
  });
  return reshape(clamp(result, 0, 1), [total, out, 3, out]);
}

/** A `[n]` of zeros, for what is neither shifted nor flipped. */
export function zeros(n: number): Tensor {
  return constant(0, [n]);
}
