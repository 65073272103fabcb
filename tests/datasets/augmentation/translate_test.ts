import { createAugmentation } from "../../../datasets/augmentation/registry.ts";
import { assertClose } from "../../engine/compare.ts";
import { testOnDevices } from "../../engine/devices.ts";
import { NaiveRandom } from "../../layers/naive_random.ts";
import { jitter } from "./naive_color.ts";
import {
  CIFAR10_COLORS,
  imagesOf,
  mirror,
  type NaiveImage,
  normalizeAll,
  translate,
} from "./naive_image.ts";
import { type Key, runEvaluate, runTrain } from "./run.ts";
import { randomBytes } from "../../random.ts";

for (const [n, size] of [[1, 9], [3, 32]]) {
  testOnDevices(
    `translate: the plain views of ${n} images of ${size} pixels are the normalised images`,
    async (device) => {
      const images = { size, bytes: randomBytes(n * 3 * size * size) };
      assertClose(
        await runEvaluate(
          device,
          createAugmentation({ name: "translate" }, size),
          images,
        ),
        normalizeAll(imagesOf(images.bytes, size), CIFAR10_COLORS),
        "views",
        1e-6,
      );
    },
  );
}

/** All views in float64, with the random numbers in the order in which the device draws them. */
function naiveViews(
  images: readonly NaiveImage[],
  views: number,
  random: NaiveRandom,
): NaiveImage[] {
  const total = images.length * views;
  const flips = random.uniform(images.length);
  const applied = random.uniform(total);
  const [down, right] = [random.uniform(total), random.uniform(total)].map(
    (draws) =>
      draws.map((value, i) => applied[i] < 0.8 ? Math.floor(9 * value) - 4 : 0),
  );
  const moved = Array.from({ length: total }, (_, i) => {
    const instance = Math.floor(i / views);
    const image = images[instance];
    return translate(
      flips[instance] < 0.5 ? mirror(image) : image,
      down[i],
      right[i],
    );
  });
  return jitter(moved, random);
}

for (const [n, views, size] of [[1, 1, 9], [5, 2, 13], [4, 3, 32]]) {
  testOnDevices(
    `translate: views of images of ${size} pixels, ${n} times ${views}, are flipped, shifted and jittered`,
    async (device) => {
      const images = { size, bytes: randomBytes(n * 3 * size * size) };
      const keys: Key[] = [[4, 0], [4, 1], [2 ** 32 - 1, 1e6]];
      const results = await runTrain(
        device,
        createAugmentation({ name: "translate" }, size),
        images,
        views,
        keys,
      );
      keys.forEach(([seed, step], i) => {
        const expected = naiveViews(
          imagesOf(images.bytes, size),
          views,
          new NaiveRandom(seed, step),
        );
        assertClose(
          results[i],
          normalizeAll(expected, CIFAR10_COLORS),
          `seed ${seed}, step ${step}`,
          5e-6,
        );
      });
    },
  );
}
