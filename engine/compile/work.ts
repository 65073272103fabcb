import type { Dispatch, ImageGeometry } from "./kernel.ts";

/** How much there is to do in a program. */
export interface Work {
  /** Multiplications and additions of matrix products and convolutions. */
  readonly products: number;
  /** Elements that all other kernels go through. */
  readonly elements: number;
}

/** The work of running all dispatches once. */
export function workOf(dispatches: readonly Dispatch[]): Work {
  let [products, elements] = [0, 0];
  for (const { kernel, output } of dispatches) {
    switch (kernel.kind) {
      case "matmul":
        products += 2 * output.size * kernel.k;
        break;
      case "convolution":
        products += 2 * productsOf(kernel.geometry);
        break;
      case "fused":
        elements += kernel.loops.reduce((total, count) => total * count, 1);
        break;
      case "pool":
        elements += windowsOf(kernel.geometry);
        break;
      default:
        elements += output.size;
    }
  }
  return { products, elements };
}

/** Pixels that the windows of all outputs look at. */
function windowsOf({ n, outHeight, outWidth, outputs, window }: ImageGeometry) {
  return n * outHeight * outWidth * outputs * window.size ** 2;
}

function productsOf(geometry: ImageGeometry): number {
  return windowsOf(geometry) * geometry.inputs;
}
