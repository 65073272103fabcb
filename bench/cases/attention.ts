import { randomValues } from "../values.ts";
import type { WorkCase } from "./case.ts";

const TOKENS = 16;
const shapes = [
  // as in the tiny presets, and as in the paper
  { batch: 32, width: 256, heads: 8 },
  { batch: 256, width: 1024, heads: 32 },
];

/** Attention over the patches of an image, forward and backward. */
export function attentionCases(): WorkCase[] {
  return shapes.map(({ batch, width, heads }) => ({
    name: `attention ${batch}x${TOKENS} tokens of ${width}, ${heads} heads`,
    tolerance: 1e-4,
    make: () => {
      const values = () => randomValues(batch * TOKENS * width);
      return {
        kind: "attention",
        batch,
        tokens: TOKENS,
        width,
        heads,
        query: values(),
        key: values(),
        value: values(),
        target: values(),
      };
    },
  }));
}
