import { assertEquals, assertThrows } from "@std/assert";
import { Program } from "../../engine/program.ts";
import { input } from "../../engine/graph/tensor.ts";
import { PatchNetwork } from "../../layers/patch_network.ts";
import { splitPatches } from "../../layers/patches.ts";
import { ResNet } from "../../layers/resnet.ts";
import { randomArray } from "../random.ts";
import { testOnDevices } from "../engine/devices.ts";
import { checkLayer } from "./check.ts";
import { child } from "./naive.ts";
import { patchNetwork, splitPatches as naiveSplit } from "./naive_networks.ts";

testOnDevices("patches are cut row by row", async (device) => {
  const images = input("images", [2, 6, 9, 5]);
  const program = await Program.compile(device, {
    outputs: [splitPatches(images, 3)],
  });
  const values = randomArray(images.size);
  const [patches] = await program.evaluate({ images: values });
  program.destroy();
  const naive = naiveSplit({
    n: 2,
    height: 6,
    width: 9,
    channels: 5,
    data: Float64Array.from(values),
  }, 3);
  assertEquals(Array.from(patches), Array.from(naive.data));
});

Deno.test("a grid that does not divide the image is refused", () => {
  assertThrows(
    () => splitPatches(input("images", [1, 8, 9, 3]), 4),
    RangeError,
    "8x9",
  );
});

testOnDevices(
  "the patch network is three groups, a normalisation and a mean over each patch",
  (device) => {
    const encoder = new ResNet({ depth: 18, width: 0.0625, stem: "small" }, 3);
    return checkLayer(device, {
      layer: new PatchNetwork(encoder, 2, 0.2),
      shape: [3, 8, 8, 3],
      forward: (network, x, context) => network.forward(x, context),
      naive: (data, weights, random) => {
        const images = { n: 3, height: 8, width: 8, channels: 3, data };
        return patchNetwork(images, {
          encoder: child(weights, "encoder"),
          weights,
          grid: 2,
          dropout: { random, rate: 0.2 },
        });
      },
      // a dozen normalisations in a row, the last ones of twelve values each
      tolerance: 1e-3,
    });
  },
);
