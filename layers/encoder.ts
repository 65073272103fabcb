import type { Tensor } from "../engine/graph/tensor.ts";
import type { Context } from "./context.ts";

/** A convolutional network in groups of blocks, any of which can be used or looked at on its own. */
export interface Encoder {
  /** Channels of the stem (`res1`) and of each group (`res2`, ...). */
  readonly channels: readonly number[];
  /** `res1`: `[n, height, width, 3]` -> `[n, height', width', channels[0]]` */
  forwardStem(images: Tensor): Tensor;
  /** One group of blocks: `group` 0 is `res2`, and takes the result of `res1`. */
  forwardStage(group: number, x: Tensor, context: Context): Tensor;
}
