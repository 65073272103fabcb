import { assertEquals, assertThrows } from "@std/assert";
import { Program } from "../../engine/program.ts";
import { input } from "../../engine/tensor.ts";
import { PatchNetwork } from "../../layers/patch_network.ts";
import { splitPatches } from "../../layers/patches.ts";
import { ResNet } from "../../layers/resnet.ts";
import { randomArray } from "../engine/compare.ts";
import { testOnDevices } from "../engine/devices.ts";
import { checkLayer } from "./check.ts";
import { batchNorm, child, convolve, type NaiveImages, relu } from "./naive.ts";
import { basic, block } from "./naive_resnet.ts";

/** Patches in row-major order, pixel by pixel. */
function split(images: NaiveImages, grid: number): NaiveImages {
  const { n, channels } = images;
  const height = images.height / grid;
  const width = images.width / grid;
  const data: number[] = [];
  for (let image = 0; image < n; image++) {
    for (let patch = 0; patch < grid * grid; patch++) {
      const top = Math.floor(patch / grid) * height;
      const left = patch % grid * width;
      for (let y = top; y < top + height; y++) {
        for (let x = left; x < left + width; x++) {
          const pixel = (image * images.height + y) * images.width + x;
          for (let c = 0; c < channels; c++) {
            data.push(images.data[pixel * channels + c]);
          }
        }
      }
    }
  }
  return {
    n: n * grid * grid,
    height,
    width,
    channels,
    data: Float64Array.from(data),
  };
}

testOnDevices("patches are cut row by row", async (device) => {
  const images = input("images", [2, 6, 9, 5]);
  const program = await Program.compile(device, {
    outputs: [splitPatches(images, 3)],
  });
  const values = randomArray(images.size);
  const [patches] = await program.evaluate({ images: values });
  program.destroy();
  const naive = split({
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
        const of = (path: string) => child(weights, path);
        let y = convolve(
          split(images, 2),
          weights("encoder.stem.weight"),
          3,
        );
        for (let group = 0; group < 3; group++) {
          for (let i = 0; i < 2; i++) {
            const shrinks = group > 0 && i === 0;
            y = block(
              y,
              of(`encoder.groups.${group}.${i}`),
              basic(shrinks ? 2 : 1),
              shrinks,
            );
          }
        }
        const features = relu(batchNorm(y.data, of("norm")));
        // 4x4 pixels have become one
        return random.dropout(features, 0.2);
      },
      // a dozen normalisations in a row, the last ones of twelve values each
      tolerance: 1e-3,
    });
  },
);
