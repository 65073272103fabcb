import type { HeadKind } from "../../layers/projection.ts";
import { batchNorm, child, linear, relu, type Weights } from "./naive.ts";

/** What each kind of head makes of rows, before they are scaled to unit length. */
export const naiveHeads: Readonly<
  Record<HeadKind, (x: Float64Array, of: Weights) => Float64Array>
> = {
  linear: (x, of) => linear(x, child(of, "linear")),
  batchNorm: (x, of) =>
    batchNorm(linear(x, child(of, "linear")), child(of, "norm")),
  mlp: (x, of) => {
    const hidden = linear(x, child(of, "hidden"));
    return linear(
      relu(batchNorm(hidden, child(of, "norm"))),
      child(of, "linear"),
    );
  },
};
