import { assertEquals } from "@std/assert";
import { ImageNetwork } from "../../layers/image_network.ts";
import { ResNet } from "../../layers/resnet.ts";
import { testOnWasm } from "../engine/devices.ts";
import { checkLayer } from "./check.ts";
import { child } from "./naive.ts";
import { imageNetwork } from "./naive_networks.ts";

const tiny = { depth: 18, width: 0.0625, stem: "small" } as const;

// on WebGPU the model that contains one is checked
testOnWasm(
  "ImageNetwork: is four stages, a normalisation and a mean over the image",
  (wasm) =>
    checkLayer(wasm, {
      layer: new ImageNetwork(new ResNet(tiny), 0.2),
      shape: [8, 8, 8, 3],
      forward: (network, x, context) => network.forward(x, context),
      naive: (data, weights, random) =>
        imageNetwork(
          { n: 8, height: 8, width: 8, channels: 3, data },
          child(weights, "encoder"),
          weights,
          { rate: 0.2, random },
        ),
      // seventeen normalisations in a row, the last ones of eight values each
      tolerance: 1e-3,
    }),
);

Deno.test("ImageNetwork: has as many features as the last stage has channels", () => {
  const encoder = new ResNet({ depth: 50, width: 1, stem: "imagenet" });
  assertEquals(new ImageNetwork(encoder, 0).width, 2048);
});
