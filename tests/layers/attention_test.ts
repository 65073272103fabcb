import { assertAlmostEquals } from "@std/assert";
import { RandomSource } from "../../engine/ops/random.ts";
import { Program } from "../../engine/program.ts";
import {
  constant,
  input,
  Storage,
  type Tensor,
} from "../../engine/graph/tensor.ts";
import { SelfAttention } from "../../layers/attention.ts";
import { Context } from "../../layers/context.ts";
import { Transformer, TransformerLayer } from "../../layers/transformer.ts";
import { testOnDevices } from "../engine/devices.ts";
import { checkLayer } from "./check.ts";
import { child, layerNorm } from "./naive.ts";
import { selfAttention, transformerLayer } from "./naive_transformer.ts";

/** Hides the first token of the first row and the last one of the last row. */
function maskOf(batch: number, tokens: number): Float32Array<ArrayBuffer> {
  const mask = new Float32Array(batch * tokens).fill(1);
  mask[0] = 0;
  mask[mask.length - 1] = 0;
  return mask;
}

const maskTensor = (batch: number, tokens: number): Tensor =>
  new Storage("mask", batch * tokens, "f32", maskOf(batch, tokens))
    .tensor([batch, tokens]);

for (
  const [batch, tokens, width, heads] of [[1, 3, 4, 1], [2, 5, 6, 3]]
) {
  for (const masked of [false, true]) {
    testOnDevices(
      `self-attention of ${tokens} tokens with ${heads} heads${
        masked ? " and a mask" : ""
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

const sizes = { tokens: 5, width: 6, heads: 3 };
const options = { width: 6, layers: 2, heads: 3, feedForward: 7, dropout: 0.3 };

for (const training of [true, false]) {
  testOnDevices(
    `a transformer layer that ${
      training ? "trains, with dropout" : "evaluates, without dropout"
    }`,
    (device) =>
      checkLayer(device, {
        layer: new TransformerLayer(options),
        shape: [2, 5, 6],
        training,
        forward: (layer, x, context) =>
          layer.forward(x, context, maskTensor(2, 5)),
        naive: (x, weights, random) =>
          transformerLayer(
            x,
            weights,
            sizes,
            maskOf(2, 5),
            training ? { rate: 0.3, random } : undefined,
          ),
      }),
  );
}

testOnDevices(
  "a transformer ends with a normalisation",
  (device) =>
    checkLayer(device, {
      layer: new Transformer(options),
      shape: [2, 5, 6],
      forward: (layer, x, context) => layer.forward(x, context),
      naive: (x, weights, random) => {
        const dropout = { rate: 0.3, random };
        for (const layer of ["layers.0", "layers.1"]) {
          const of = child(weights, layer);
          x = transformerLayer(x, of, sizes, undefined, dropout);
        }
        return layerNorm(x, child(weights, "norm"));
      },
    }),
);

testOnDevices("dropout keeps the mean and drops its share", async (device) => {
  const context = new Context(new RandomSource(input("key", [2], "u32")));
  const dropped = context.dropout(constant(1, [200, 500]), 0.1);
  const program = await Program.compile(device, { outputs: [dropped] });
  const seed = crypto.getRandomValues(new Uint32Array(1))[0];
  for (const step of [0, 1]) {
    const [values] = await program.evaluate({
      key: new Uint32Array([seed, step]),
    });
    const zeros = values.filter((value) => value === 0).length;
    // 100000 draws: the deviation of the share is 0.001
    assertAlmostEquals(zeros / values.length, 0.1, 0.006);
    const sum = (values as Float32Array).reduce((sum, value) => sum + value, 0);
    assertAlmostEquals(sum / values.length, 1, 0.006);
  }
  program.destroy();
});
