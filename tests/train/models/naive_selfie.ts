import type { SelfieOptions } from "../../../train/models/selfie.ts";
import { child } from "../../layers/naive.ts";
import { attentionPooling } from "../../layers/naive_attention.ts";
import { drawMasks, rowsAt } from "./naive_masks.ts";
import type { NaiveOutputs, NaivePass } from "./naive_pass.ts";
import { patchesOf } from "./naive_patch_model.ts";

/** Section 3.1: v_k = u + E^k, and the masked patches that it is to find. */
export function selfie(
  pass: NaivePass,
  options: SelfieOptions,
): NaiveOutputs {
  const { images: { n }, weights, random } = pass;
  const { grid, masked } = options;
  const tokens = grid ** 2;
  const { visible, locations } = drawMasks(n, tokens, masked, random);
  const P = patchesOf(pass, options, visible);
  const width = P.length / (n * tokens);
  const u = attentionPooling(P, child(weights, "pooling"), {
    ...options.transformer,
    width,
    tokens,
    visible,
    dropout: { rate: options.dropout, random },
  });
  const E = weights("positions");
  const queries = Float64Array.from(
    { length: n * masked * width },
    (_, place) => {
      const [k, i] = [Math.floor(place / width), place % width];
      const image = Math.floor(k / masked);
      return u[image * width + i] + E[locations[k] * width + i];
    },
  );
  const candidates = rowsAt(P, locations, { masked, tokens, width });
  return { selfie: { queries, candidates, locations } };
}
