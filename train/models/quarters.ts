import { concatenate, reshape, slice } from "../../engine/ops/movement.ts";
import { mean } from "../../engine/ops/reduction.ts";
import type { Tensor } from "../../engine/graph/tensor.ts";

/**
 * The representations of patches, averaged over each quarter of the image; the middle row and column
 * of an odd grid belong to the quarters on both sides.
 *
 * @param P `[n, grid * grid, width]`
 * @returns `[n, 4 * width]`
 */
export function quarters(P: Tensor, grid: number): Tensor {
  const [n, , width] = P.shape;
  const half = Math.ceil(grid / 2);
  const cells = reshape(P, [n, grid, grid, width]);
  const starts = [0, grid - half];
  return concatenate(
    starts.flatMap((top) =>
      starts.map((left) =>
        mean(slice(cells, [0, top, left, 0], [n, half, half, width]), {
          axes: [1, 2],
        })
      )
    ),
    1,
  );
}
