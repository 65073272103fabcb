import { add, multiply } from "../engine/ops/elementwise.ts";
import { iota } from "../engine/ops/iota.ts";
import { gather } from "../engine/ops/indexing.ts";
import { reshape } from "../engine/ops/movement.ts";
import type { Tensor } from "../engine/graph/tensor.ts";

/** Gathers tokens of each image: `[n, tokens, width]` at `locations` `[n, count]`, i32 -> `[n, count, width]` */
export function rowsAt(x: Tensor, locations: Tensor): Tensor {
  const [n, tokens, width] = x.shape;
  const count = locations.shape[1];
  const rows = add(multiply(iota([n, count], 0), tokens), locations);
  return reshape(
    gather(reshape(x, [n * tokens, width]), reshape(rows, [n * count])),
    [n, count, width],
  );
}
