import type { AllpOptions } from "../../../train/models/allp.ts";
import { child } from "../../layers/naive.ts";
import { attentionPooling, unitRows } from "../../layers/naive_attention.ts";
import { naiveHeads } from "../../layers/naive_heads.ts";
import type { NaiveOutputs, NaivePass } from "./naive_pass.ts";
import { patchesOf } from "./naive_patch_model.ts";

/** Section 3.2: all patches of a view make one vector. */
export function allp(pass: NaivePass, options: AllpOptions): NaiveOutputs {
  const { images: { n }, weights, random } = pass;
  const tokens = options.grid ** 2;
  const P = patchesOf(pass, options);
  const u = attentionPooling(P, child(weights, "pooling"), {
    ...options.transformer,
    width: P.length / (n * tokens),
    tokens,
    dropout: { rate: options.dropout, random },
  });
  const vectors = naiveHeads[options.head](u, child(weights, "head"));
  return { allp: { vectors: unitRows(vectors, options.projection) } };
}
