import type { PatchOptions } from "../../../train/models/patch_options.ts";
import { child } from "../../layers/naive.ts";
import { patchNetwork } from "../../layers/naive_networks.ts";
import type { NaivePass } from "./naive_pass.ts";

/** P of a model of patches, `[n * patches, width]`; masked patches exchange nothing. */
export function patchesOf(
  { images, weights, random }: NaivePass,
  { grid, exchange, dropout: rate }: PatchOptions,
  visible?: ArrayLike<number>,
): Float64Array {
  const dropout = { rate, random };
  return patchNetwork(images, {
    encoder: child(weights, "encoder"),
    weights: child(weights, "patchNetwork"),
    grid,
    dropout,
    exchanges: (["res2", "res3", "res4"] as const).map((group) =>
      exchange?.after.includes(group)
        ? { ...exchange, tokens: grid ** 2, visible, dropout }
        : undefined
    ),
  });
}
