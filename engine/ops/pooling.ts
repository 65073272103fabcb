import { apply, type Definitions } from "../graph/definition.ts";
import type { Shape, Tensor } from "../graph/tensor.ts";
import { checkFloats } from "./check_floats.ts";
import {
  checkGradient,
  checkImage,
  type Window,
  windowCount,
} from "./window.ts";

/** The largest value of each window of an image. */
export interface MaxPoolOperation {
  /** The discriminant of `Operation`. */
  readonly kind: "maxPool";
  /** Geometry of the window. */
  readonly window: Window;
}

/** Gradient of a max pooling with respect to its image: gradient of the result, image -> gradient. */
export interface MaxPoolGradientOperation {
  /** The discriminant of `Operation`. */
  readonly kind: "maxPoolGradient";
  /** Geometry of the window. */
  readonly window: Window;
}

/** A max pooling and its gradient. */
export type PoolingOperation = MaxPoolOperation | MaxPoolGradientOperation;

/**
 * Definitions of max pooling and its gradient.
 *
 * @internal
 */
export const pooling: Definitions<PoolingOperation, "kernel"> = {
  maxPool: {
    role: "kernel",
    operands: "stored",
    infer({ window }, [x]) {
      checkFloats("maxPool", x);
      return { shape: pooledShape(x.shape, window), dtype: "f32" };
    },
    gradient: (gradient, { inputs: [x] }, { window }) => [
      apply(
        pooling.maxPoolGradient,
        { kind: "maxPoolGradient", window },
        [gradient, x],
      ),
    ],
  },
  maxPoolGradient: {
    role: "kernel",
    operands: "stored",
    infer({ window }, [gradient, x]) {
      checkFloats("maxPoolGradient", gradient, x);
      checkGradient(gradient, pooledShape(x.shape, window));
      return { shape: x.shape, dtype: "f32" };
    },
    gradient: () => "unsupported",
  },
};

/** Shape of the result of a pooling. */
function pooledShape(x: Shape, window: Window): Shape {
  checkImage("maxPool", x);
  const [n, height, width, channels] = x;
  const rows = windowCount(height, window);
  const columns = windowCount(width, window);
  if (window.padding >= window.size) {
    throw new RangeError(
      `pooling padding ${window.padding} must be below the window ${window.size}`,
    );
  }
  return [n, rows, columns, channels];
}

/**
 * Largest value of each window of `[n, height, width, channels]`; the first of equals gets the
 * gradient.
 *
 * @throws {RangeError} if `x` is not an image, or no window fits into it.
 */
export function maxPool(x: Tensor, window: Window): Tensor {
  return apply(pooling.maxPool, { kind: "maxPool", window }, [x]);
}
