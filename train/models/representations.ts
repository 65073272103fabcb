import { reshape } from "../../engine/ops/movement.ts";
import { mean } from "../../engine/ops/reduction.ts";
import type { Tensor } from "../../engine/graph/tensor.ts";
import type { Context } from "../../layers/context.ts";
import type { PatchNetwork } from "../../layers/patch_network.ts";
import type { Representations } from "./pretext_model.ts";
import { quarters } from "./quarters.ts";

/** What the patch path says about images. */
export interface RepresentedPatches {
  /** The representations of the patches: `[n, patches, features]`. */
  readonly P: Tensor;
  /** `patch res1` and so on, and `features`. */
  readonly representations: Representations;
}

/**
 * Passes images through the patch path, all patches visible.
 *
 * @param images `[n, height, width, 3]`, normalised
 */
export function representPatches(
  network: PatchNetwork,
  images: Tensor,
  context: Context,
): RepresentedPatches {
  const maps = network.maps(images, context);
  const P = network.pool(maps.at(-1)!, context);
  return {
    P,
    representations: {
      ...stageMeans("patch", maps, images.shape[0]),
      features: quarters(P, network.grid),
    },
  };
}

/**
 * The mean of each stage's map over the cells of an image, and over its patches: `PATH res1` for the
 * stem, `PATH res2` and so on for the stages. The maps are taken as the next stage receives them:
 * the encoders here normalise and rectify at the beginning of a stage, so that these are neither.
 *
 * @param maps `[n, height', width', channels]`, or `[n * patches, ...]`
 * @returns `[n, channels]` each
 */
export function stageMeans(
  path: string,
  maps: readonly Tensor[],
  n: number,
): Representations {
  return Object.fromEntries(maps.map((map, i) => [
    `${path} res${i + 1}`,
    // [n, cells, channels] -> [n, channels]
    mean(reshape(map, [n, -1, map.shape[3]]), { axes: [1] }),
  ]));
}
