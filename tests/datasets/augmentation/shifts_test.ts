import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertExists,
} from "@std/assert";
import { createAugmentation } from "../../../datasets/augmentation/registry.ts";
import { testOnDevices } from "../../engine/devices.ts";
import { NaiveRandom } from "../../layers/naive_random.ts";
import {
  CIFAR10_COLORS,
  denormalizeAll,
  imagesOf,
  mirror,
  type NaiveImage,
  translate,
} from "./naive_image.ts";
import { runTrain } from "./run.ts";

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
