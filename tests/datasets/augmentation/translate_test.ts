import { createAugmentation } from "../../../datasets/augmentation/registry.ts";
import { assertClose } from "../../engine/compare.ts";
import { testOnDevices } from "../../engine/devices.ts";
import { NaiveRandom } from "../../layers/naive_random.ts";
import { jitter } from "./naive_color.ts";
import {
  CIFAR10_COLORS,
  denormalizeAll,
  imagesOf,
  mirror,
  type NaiveImage,
  normalizeAll,
  translate,
} from "./naive_image.ts";
import { type Key, runEvaluate, runTrain } from "./run.ts";
import { randomBytes } from "../../random.ts";
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertExists,
} from "@std/assert";

for (const [n, size] of [[1, 9], [3, 32]]) {
  testOnDevices(
    `translate: the plain views of ${n} images of ${size} pixels are the normalised images`,
    async (device) => {
      const images = { size, bytes: randomBytes(n * 3 * size * size) };
      const augmentation = createAugmentation({ name: "translate" }, size);
      const { mean, deviation } = CIFAR10_COLORS;
      assertEquals(augmentation.preprocessing, {
        resize: size,
        crop: size,
        mean,
        std: deviation,
      });
      assertClose(
        await runEvaluate(device, augmentation, images),
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

/** What was done to a picture. */
interface Movement {
  readonly flipped: boolean;
  readonly down: number;
  readonly right: number;
}

const SIZE = 12;

/** A picture of black and white pixels that resembles itself in no other place. */
const picture = Uint8Array.from(
  new NaiveRandom(0, 0).uniform(SIZE * SIZE),
  (value) => value < 0.5 ? 0 : 255,
);

/** Which pixels are white; colour jitter makes black and white two other greys, white the lighter one. */
function patternOf({ pixels }: NaiveImage): string {
  const middle = (Math.min(...pixels) + Math.max(...pixels)) / 2;
  return Array.from(pixels, (value) => value > middle ? "#" : ".").join("");
}

/** All that may be done to the picture, by the pattern that results. */
function allMovements(): Map<string, Movement> {
  const shifts = Array.from({ length: 9 }, (_, i) => i - 4);
  const [image] = imagesOf(
    Uint8Array.from([...picture, ...picture, ...picture]),
    SIZE,
  );
  return new Map(
    [false, true].flatMap((flipped) =>
      shifts.flatMap((down) =>
        shifts.map((right): [string, Movement] => [
          patternOf(translate(flipped ? mirror(image) : image, down, right)),
          { flipped, down, right },
        ])
      )
    ),
  );
}

testOnDevices(
  "translate: a flip shared by the views of an instance, and shifts of up to 4 pixels for four views in five",
  async (device) => {
    const movements = allMovements();
    assertEquals(movements.size, 2 * 9 * 9);
    const n = 256;
    const bytes = new Uint8Array(n * 3 * SIZE * SIZE);
    for (let i = 0; i < bytes.length; i += picture.length) {
      bytes.set(picture, i);
    }
    const results = await runTrain(
      device,
      createAugmentation({ name: "translate" }, SIZE),
      { size: SIZE, bytes },
      2,
      [[5, 0], [5, 1], [5, 2], [5, 3]],
    );
    const seen = results.flatMap((result) =>
      denormalizeAll(result, SIZE, CIFAR10_COLORS)
    )
      .map((view) => {
        const movement = movements.get(patternOf(view));
        assertExists(movement, "a view is not a shift of the picture");
        return movement;
      });
    const share = (counted: (movement: Movement, i: number) => boolean) =>
      seen.filter(counted).length / seen.length;

    // i ^ 1 is the other view of the instance
    assert(seen.every(({ flipped }, i) => flipped === seen[i ^ 1].flipped));
    // tolerances are about four standard deviations
    assertAlmostEquals(share(({ flipped }) => flipped), 0.5, 0.0625);
    assertAlmostEquals(
      share(({ down, right }) => down === 0 && right === 0),
      0.2 + 0.8 / 81,
      0.036,
    );
    for (const shift of [-4, -3, -2, -1, 1, 2, 3, 4]) {
      for (const axis of ["down", "right"] as const) {
        assertAlmostEquals(
          share((movement) => movement[axis] === shift),
          0.8 / 9,
          0.025,
        );
      }
    }
    // down and right are independent, and so are the views
    const shifts = seen.map(({ down, right }) => `${down} ${right}`);
    assertEquals(new Set(shifts).size, 9 * 9);
    assert(share((_, i) => shifts[i] === shifts[i ^ 1]) < 0.1);
  },
);
