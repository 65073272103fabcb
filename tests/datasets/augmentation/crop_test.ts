import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { createAugmentation } from "../../../datasets/augmentation/registry.ts";
import { assertClose } from "../../engine/compare.ts";
import { testOnDevices, testOnWasm } from "../../engine/devices.ts";
import { NaiveRandom } from "../../layers/naive_random.ts";
import { jitter } from "./naive_color.ts";
import {
  at,
  type Box,
  crop,
  denormalizeAll,
  imagesOf,
  mirror,
  type NaiveImage,
  normalizeAll,
  resize,
  STL10_COLORS,
} from "./naive_image.ts";
import { type Key, runEvaluate, runTrain } from "./run.ts";
import { randomBytes } from "../../random.ts";

for (
  const [n, imageSize, resized, size] of [
    [1, 96, 70, 64],
    [3, 51, 70, 64],
    [2, 40, 35, 32],
    // margins of 0.5 and 2.5 pixels
    [2, 13, 9, 8],
    [1, 50, 53, 48],
  ]
) {
  testOnDevices(
    `crop: the plain views of ${n} images of ${imageSize} pixels are resized to ${resized}, of which the middle ${size} are taken`,
    async (device) => {
      const augmentation = createAugmentation(
        { name: "crop", size },
        imageSize,
      );
      const { mean, deviation } = STL10_COLORS;
      assertEquals(augmentation.preprocessing, {
        resize: resized,
        crop: size,
        mean,
        std: deviation,
      });
      const bytes = randomBytes(n * 3 * imageSize * imageSize);
      const whole = { top: 0, left: 0, height: imageSize, width: imageSize };
      // round() of Python, with which torchvision's CenterCrop computes it
      const half = (resized - size) / 2;
      const first = half % 1 === 0.5
        ? [Math.floor(half), Math.ceil(half)].find((end) => end % 2 === 0)!
        : half;
      const expected = imagesOf(bytes, imageSize).map((image) =>
        crop(resize(image, whole, resized), first, first, size)
      );
      assertClose(
        await runEvaluate(device, augmentation, { size: imageSize, bytes }),
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

const IMAGE_SIZE = 24;
/** Larger than any box, so that the result is interpolated, which keeps straight lines straight. */
const SIZE = 32;

/** Red grows by 10 from column to column, green from row to row, blue is the same everywhere. */
const ramp = [
  (_row: number, column: number) => 10 * column,
  (row: number) => 10 * row,
  () => 128,
].flatMap((color) =>
  Array.from(
    { length: IMAGE_SIZE * IMAGE_SIZE },
    (_, i) => color(Math.floor(i / IMAGE_SIZE), i % IMAGE_SIZE),
  )
);

/** Whether a view of the ramp has kept its colours. */
function isPlain({ pixels }: NaiveImage): boolean {
  return pixels.every((value, i) =>
    i % 3 < 2 || Math.abs(value - 128 / 255) < 1e-5
  );
}

/** The part of an image that a view shows, along one axis. */
interface Extent {
  readonly start: number;
  readonly length: number;
  readonly mirrored: boolean;
}

/** What a view of the ramp shows, from two values of the colour that grows along an axis. */
function measure(valueAt: (i: number) => number): Extent {
  // far enough from the edges that the kernel is not cut off there
  const [near, far] = [SIZE / 4, SIZE - 1 - SIZE / 4].map((i) =>
    valueAt(i) * 255 / 10
  );
  const length = wholeNumber(Math.abs(far - near) * SIZE / (SIZE / 2 - 1));
  const start = wholeNumber((near + far + 1 - length) / 2);
  assert(start >= 0 && start + length <= IMAGE_SIZE, "a box sticks out");
  return { start, length, mirrored: far < near };
}

function wholeNumber(value: number): number {
  assertAlmostEquals(value, Math.round(value), 0.01);
  return Math.round(value);
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

testOnWasm(
  "crop: boxes cover 0.3 to 1 of the image, with ratios of 0.7 to 1.4, in all places",
  async (device) => {
    const [n, views] = [64, 4];
    const results = await runTrain(
      device,
      createAugmentation({ name: "crop", size: SIZE }, IMAGE_SIZE),
      {
        size: IMAGE_SIZE,
        bytes: Uint8Array.from(Array.from({ length: n }, () => ramp).flat()),
      },
      views,
      [[9, 0], [9, 1], [9, 2], [9, 3]],
    );
    const all = results.flatMap((result) =>
      denormalizeAll(result, SIZE, STL10_COLORS)
    );
    const boxes = all.filter(isPlain).map((view) => ({
      vertical: measure((i) => at(view, i, SIZE / 2, 1)),
      horizontal: measure((i) => at(view, SIZE / 2, i, 0)),
    }));
    // tolerances are about four standard deviations; the colours stay for a fifth of three quarters
    assertAlmostEquals(boxes.length / all.length, 0.15, 0.045);

    for (const { vertical, horizontal } of boxes) {
      const [height, width] = [vertical.length, horizontal.length];
      // the exact box may have been half a pixel larger or smaller
      const size = `a box of ${height}x${width}`;
      assert(
        (height + 0.5) * (width + 0.5) >= 0.3 * IMAGE_SIZE ** 2,
        `${size} is too small`,
      );
      assert((width + 0.5) / (height - 0.5) >= 0.7, `${size} is too narrow`);
      assert((width - 0.5) / (height + 0.5) <= 1.4, `${size} is too wide`);
      assert(!vertical.mirrored, "a view is upside down");
    }
    const areas = boxes.map(({ vertical, horizontal }) =>
      vertical.length * horizontal.length / IMAGE_SIZE ** 2
    );
    assert(Math.min(...areas) < 0.35 && Math.max(...areas) > 0.95);
    const ratios = boxes.map(({ vertical, horizontal }) =>
      horizontal.length / vertical.length
    );
    assert(Math.min(...ratios) < 0.75 && Math.max(...ratios) > 1.3);
    // 0 is the first place where a box fits, 1 the last
    const places = boxes.flatMap(({ vertical, horizontal }) =>
      [vertical, horizontal].filter(({ length }) => length < IMAGE_SIZE)
        .map(({ start, length }) => start / (IMAGE_SIZE - length))
    );
    assert(Math.min(...places) === 0 && Math.max(...places) === 1);
    assertAlmostEquals(meanOf(places), 0.5, 0.09);
    const mirrored = boxes.map(({ horizontal }) => Number(horizontal.mirrored));
    assertAlmostEquals(meanOf(mirrored), 0.5, 0.18);
  },
);
