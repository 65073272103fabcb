import { assertEquals } from "@std/assert";
import { createAugmentation } from "../../../datasets/augmentation/registry.ts";
import { assertClose } from "../../engine/compare.ts";
import { testOnDevices } from "../../engine/devices.ts";
import { NaiveRandom } from "../../layers/naive_random.ts";
import { jitter } from "./naive_color.ts";
import {
  type Box,
  crop,
  imagesOf,
  mirror,
  type NaiveImage,
  normalizeAll,
  resize,
  STL10_COLORS,
} from "./naive_image.ts";
import { type Key, runEvaluate, runTrain } from "./run.ts";
import { randomBytes } from "../../random.ts";

for (const [n, imageSize] of [[1, 96], [3, 51]]) {
  testOnDevices(
    `crop: the plain views of ${n} images of ${imageSize} pixels are resized to 70, of which the middle 64 are taken`,
    async (device) => {
      const bytes = randomBytes(n * 3 * imageSize * imageSize);
      const whole = { top: 0, left: 0, height: imageSize, width: imageSize };
      const expected = imagesOf(bytes, imageSize).map((image) =>
        crop(resize(image, whole, 70), 3, 3, 64)
      );
      assertClose(
        await runEvaluate(
          device,
          createAugmentation({ name: "crop", size: 64 }, imageSize),
          { size: imageSize, bytes },
        ),
        normalizeAll(expected, STL10_COLORS),
        "views",
      );
    },
  );
}

/** torchvision's `RandomResizedCrop.get_params` with a scale of 0.3 to 1 and a ratio of 0.7 to 1.4. */
function drawBox(
  size: number,
  scales: Float64Array,
  ratios: Float64Array,
  top: number,
  left: number,
): Box {
  const place = (height: number, width: number) => ({
    top: Math.floor(top * (size - height + 1)),
    left: Math.floor(left * (size - width + 1)),
    height,
    width,
  });
  for (let attempt = 0; attempt < 10; attempt++) {
    const area = size * size * (0.3 + 0.7 * scales[attempt]);
    const ratio = 0.7 * Math.pow(1.4 / 0.7, ratios[attempt]);
    const width = Math.round(Math.sqrt(area * ratio));
    const height = Math.round(Math.sqrt(area / ratio));
    if (width <= size && height <= size) return place(height, width);
  }
  return place(size, size);
}

/** All boxes, with the random numbers in the order in which the device draws them. */
function drawBoxes(n: number, size: number, random: NaiveRandom): Box[] {
  const [scales, ratios] = [random.uniform(n * 10), random.uniform(n * 10)];
  const [tops, lefts] = [random.uniform(n), random.uniform(n)];
  return Array.from({ length: n }, (_, i) => {
    const [own, next] = [i * 10, (i + 1) * 10];
    return drawBox(
      size,
      scales.subarray(own, next),
      ratios.subarray(own, next),
      tops[i],
      lefts[i],
    );
  });
}

/** All views in float64. */
function naiveViews(
  images: readonly NaiveImage[],
  views: number,
  size: number,
  random: NaiveRandom,
): NaiveImage[] {
  const flips = random.uniform(images.length);
  const boxes = drawBoxes(images.length * views, images[0].size, random);
  const resized = boxes.map((box, i) => {
    const instance = Math.floor(i / views);
    const image = resize(images[instance], box, size);
    return flips[instance] < 0.5 ? mirror(image) : image;
  });
  return jitter(resized, random);
}

for (
  const [n, views, imageSize, size] of [
    [1, 1, 33, 8],
    [3, 2, 13, 17],
    [2, 3, 64, 24],
  ]
) {
  testOnDevices(
    `crop: views of images of ${imageSize} pixels, ${n} times ${views}, are cropped, resized to ${size}, flipped and jittered`,
    async (device) => {
      const bytes = randomBytes(n * 3 * imageSize * imageSize);
      const keys: Key[] = [[6, 0], [6, 1], [2 ** 32 - 1, 1e6]];
      const results = await runTrain(
        device,
        createAugmentation({ name: "crop", size }, imageSize),
        { size: imageSize, bytes },
        views,
        keys,
      );
      keys.forEach(([seed, step], i) => {
        const expected = naiveViews(
          imagesOf(bytes, imageSize),
          views,
          size,
          new NaiveRandom(seed, step),
        );
        assertClose(
          results[i],
          normalizeAll(expected, STL10_COLORS),
          `seed ${seed}, step ${step}`,
        );
      });
    },
  );
}

testOnDevices(
  "crop: the whole image is taken where none of ten boxes fits",
  async (device) => {
    const size = 24;
    // found by trying 45 million steps: the boxes drawn here are all too wide or too high
    const [seed, step] = [1, 45458719];
    const random = new NaiveRandom(seed, step);
    random.uniform(1);
    const [{ height, width }] = drawBoxes(1, size, random);
    assertEquals([height, width], [size, size]);

    const bytes = randomBytes(3 * size * size);
    const [actual] = await runTrain(
      device,
      createAugmentation({ name: "crop", size }, size),
      { size, bytes },
      1,
      [[seed, step]],
    );
    const expected = naiveViews(
      imagesOf(bytes, size),
      1,
      size,
      new NaiveRandom(seed, step),
    );
    assertClose(actual, normalizeAll(expected, STL10_COLORS), "view");
  },
);
