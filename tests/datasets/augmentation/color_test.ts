import { assert, assertAlmostEquals } from "@std/assert";
import {
  jitterColors,
  normalize,
  planesOf,
} from "../../../datasets/augmentation/color.ts";
import { cast, multiply } from "../../../engine/ops/elementwise.ts";
import { permute } from "../../../engine/ops/movement.ts";
import type { RandomSource } from "../../../engine/ops/random.ts";
import type { Tensor } from "../../../engine/graph/tensor.ts";
import { assertClose } from "../../engine/compare.ts";
import { testOnDevices } from "../../engine/devices.ts";
import { NaiveRandom } from "../../layers/naive_random.ts";
import { jitter } from "./naive_color.ts";
import { imagesOf } from "./naive_image.ts";
import { type Key, runTrain } from "./run.ts";
import { randomBytes } from "../../random.ts";

/** The colour changes alone, of one view and not normalised. */
const colors = {
  train(images: Tensor, _views: number, random: RandomSource): Tensor {
    const rows = permute(multiply(cast(images, "f32"), 1 / 255), [0, 2, 1, 3]);
    const planes = jitterColors(planesOf(rows), random);
    return normalize(planes, [0, 0, 0], [1, 1, 1]);
  },
};

/** Bytes that are 0 or 255: the colours without a hue, and those where two channels tie. */
function extremeBytes(length: number): Uint8Array<ArrayBuffer> {
  return randomBytes(length).map((byte) => byte < 128 ? 0 : 255);
}

for (
  const [name, bytes] of [["any", randomBytes], [
    "extreme",
    extremeBytes,
  ]] as const
) {
  for (const [n, size] of [[64, 5], [1, 1]]) {
    testOnDevices(
      `jitterColors: jitter and greyscale of ${n} images of ${size}x${size} pixels of ${name} colours are torchvision's`,
      async (device) => {
        const images = { size, bytes: bytes(n * 3 * size * size) };
        const keys: Key[] = [[1, 0], [1, 1], [2, 1]];
        const results = await runTrain(device, colors, images, 1, keys);
        keys.forEach(([seed, step], i) => {
          const expected = jitter(
            imagesOf(images.bytes, size),
            new NaiveRandom(seed, step),
          );
          assertClose(
            results[i],
            expected.flatMap(({ pixels }) => [...pixels]),
            `seed ${seed}, step ${step}`,
            // four changes of values up to 1 in float32
            2e-6,
          );
        });
      },
    );
  }
}

testOnDevices(
  "jitterColors: a quarter of the images become grey, and a fifth of the others keep their colours",
  async (device) => {
    const n = 1000;
    const color = [200, 100, 50];
    const images = {
      size: 1,
      bytes: Uint8Array.from({ length: 3 * n }, (_, i) => color[i % 3]),
    };
    let grey = 0;
    let unchanged = 0;
    const keys: Key[] = [[3, 0], [3, 1], [3, 2]];
    for (const result of await runTrain(device, colors, images, 1, keys)) {
      for (let i = 0; i < result.length; i += 3) {
        const pixel = [...result.subarray(i, i + 3)];
        assert(pixel.every((value) => value >= 0 && value <= 1));
        const range = Math.max(...pixel) - Math.min(...pixel);
        if (range < 1e-5) grey++;
        else if (
          pixel.every((value, j) => Math.abs(value - color[j] / 255) < 1e-5)
        ) unchanged++;
      }
    }
    const total = n * keys.length;
    // about four standard deviations
    assertAlmostEquals(grey / total, 0.25, 0.032);
    assertAlmostEquals(unchanged / (total - grey), 0.2, 0.034);
  },
);
