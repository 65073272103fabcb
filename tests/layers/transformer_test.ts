import { Transformer, TransformerLayer } from "../../layers/transformer.ts";
import { testOnDevices } from "../engine/devices.ts";
import { checkLayer } from "./check.ts";
import { maskOf, maskTensor } from "./mask.ts";
import { child, layerNorm } from "./naive.ts";
import { transformerLayer } from "./naive_transformer.ts";

const sizes = { tokens: 5, width: 6, heads: 3 };
const options = { width: 6, layers: 2, heads: 3, feedForward: 7, dropout: 0.3 };

for (const training of [true, false]) {
  testOnDevices(
    `TransformerLayer: is its definition, ${
      training ? "with dropout" : "in an evaluation without it"
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
  "Transformer: is its layers and a normalisation at the end",
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
