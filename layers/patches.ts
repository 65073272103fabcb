import { permute, reshape } from "../engine/ops/movement.ts";
import {
  checkPositive,
  checkShape,
  type Tensor,
} from "../engine/graph/tensor.ts";

/**
 * Cuts images into a row-major grid of patches without gaps.
 *
 * @param images `[n, height, width, channels]`
 * @returns `[n * grid * grid, height / grid, width / grid, channels]`, the patches of an image consecutive
 * @throws {RangeError} if these are not images, or the grid does not divide them.
 */
export function splitPatches(images: Tensor, grid: number): Tensor {
  checkShape(images, ["n", "height", "width", "channels"], "images");
  checkPositive(grid, "the grid of patches");
  const [n, height, width, channels] = images.shape;
  if (height % grid !== 0 || width % grid !== 0) {
    throw new RangeError(
      `a grid of ${grid} does not divide images of ${height}x${width}`,
    );
  }
  const [rows, columns] = [height / grid, width / grid];
  // [n, grid, rows, grid, columns, channels] -> [n, grid, grid, rows, columns, channels]
  const cells = permute(
    reshape(images, [n, grid, rows, grid, columns, channels]),
    [0, 1, 3, 2, 4, 5],
  );
  return reshape(cells, [n * grid * grid, rows, columns, channels]);
}
