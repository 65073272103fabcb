import { SelfAttention } from "../../layers/attention.ts";
import { testOnDevices } from "../engine/devices.ts";
import { checkLayer } from "./check.ts";
import { maskOf, maskTensor } from "./mask.ts";
import { selfAttention } from "./naive_transformer.ts";

for (
  const [batch, tokens, width, heads] of [[1, 3, 4, 1], [2, 5, 6, 3]]
) {
  for (const masked of [false, true]) {
    testOnDevices(
      `SelfAttention: is its definition for ${tokens} tokens and ${heads} heads${
        masked ? " with a mask" : ""
      }`,
      (device) =>
        checkLayer(device, {
          layer: new SelfAttention(width, heads, 0),
          shape: [batch, tokens, width],
          forward: (layer, x, context) =>
            layer.forward(
              x,
              context,
              masked ? maskTensor(batch, tokens) : undefined,
            ),
          naive: (x, weights) =>
            selfAttention(
              x,
              weights,
              { tokens, width, heads },
              masked ? maskOf(batch, tokens) : undefined,
            ),
        }),
    );
  }
}
