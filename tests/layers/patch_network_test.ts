import { assertEquals } from "@std/assert";
import { input, Storage } from "../../engine/graph/tensor.ts";
import { AttentionExchange } from "../../layers/attention_exchange.ts";
import { Context } from "../../layers/context.ts";
import { packParameters } from "../../layers/packing.ts";
import { PatchNetwork } from "../../layers/patch_network.ts";
import { ResNet } from "../../layers/resnet.ts";
import { testOnWasm } from "../engine/devices.ts";
import { checkLayer } from "./check.ts";
import { child } from "./naive.ts";
import { patchNetwork } from "./naive_networks.ts";

// on WebGPU the models that consist of such networks are checked
const GRID = 2;
const SHAPE = [3, 8, 8, 3];
const encoder = () =>
  new ResNet({ depth: 18, width: 0.0625, stem: "small" }, 3);
const imagesOf = (data: Float64Array) => ({
  n: 3,
  height: 8,
  width: 8,
  channels: 3,
  data,
});
// a dozen normalisations in a row, the last ones of twelve values each
const tolerance = 1e-3;

testOnWasm(
  "PatchNetwork: is three stages, a normalisation and a mean over each patch",
  (wasm) =>
    checkLayer(wasm, {
      layer: new PatchNetwork(encoder(), GRID, 0.2),
      shape: SHAPE,
      forward: (network, x, context) => network.forward(x, context),
      naive: (data, weights, random) =>
        patchNetwork(imagesOf(data), {
          encoder: child(weights, "encoder"),
          weights,
          grid: GRID,
          dropout: { random, rate: 0.2 },
        }),
      tolerance,
    }),
);

testOnWasm(
  "PatchNetwork: exchanges after each stage that has an exchange",
  (wasm) => {
    const sizes = { width: 6, layers: 2, heads: 3 };
    const options = { ...sizes, feedForward: 7, dropout: 0.2 };
    const visible = Float32Array.of(1, 0, 1, 1, 0, 1, 0, 1, 0, 0, 1, 0);
    const network = encoder();
    const [, res2, , res4] = network.channels;
    return checkLayer(wasm, {
      layer: new PatchNetwork(network, GRID, 0.2, [
        new AttentionExchange(res2, GRID ** 2, options),
        undefined,
        new AttentionExchange(res4, GRID ** 2, options),
      ]),
      shape: SHAPE,
      forward: (network, x, context) =>
        network.forward(
          x,
          context,
          new Storage("visible", visible.length, "f32", visible)
            .tensor([3, GRID ** 2]),
        ),
      naive: (data, weights, random) => {
        const dropout = { rate: 0.2, random };
        const exchange = { ...sizes, tokens: GRID ** 2, visible, dropout };
        return patchNetwork(imagesOf(data), {
          encoder: child(weights, "encoder"),
          weights,
          grid: GRID,
          dropout,
          exchanges: [exchange, undefined, exchange],
        });
      },
      tolerance,
    });
  },
);

testOnWasm(
  "PatchNetwork: isolated patches pass by the exchanges",
  (wasm) => {
    const sizes = { width: 6, layers: 1, heads: 3, feedForward: 7, dropout: 0 };
    const network = encoder();
    const [, res2] = network.channels;
    return checkLayer(wasm, {
      layer: new PatchNetwork(network, GRID, 0.2, [
        new AttentionExchange(res2, GRID ** 2, sizes),
      ]),
      shape: SHAPE,
      forward: (network, x, context) => network.forwardIsolated(x, context),
      naive: (data, weights, random) =>
        patchNetwork(imagesOf(data), {
          encoder: child(weights, "encoder"),
          weights,
          grid: GRID,
          dropout: { random, rate: 0.2 },
        }),
      tolerance,
    });
  },
);

Deno.test("PatchNetwork: gives features to each patch of the grid", () => {
  const network = new PatchNetwork(encoder(), 3, 0);
  packParameters(network, 0);
  const P = network.forward(input("images", [2, 12, 12, 3]), new Context());
  assertEquals(P.shape, [2, 9, network.width]);
});
