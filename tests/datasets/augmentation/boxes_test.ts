import { assert, assertAlmostEquals } from "@std/assert";
import { createAugmentation } from "../../../datasets/augmentation/registry.ts";
import { testOnWasm } from "../../engine/devices.ts";
import {
  at,
  denormalizeAll,
  type NaiveImage,
  STL10_COLORS,
} from "./naive_image.ts";
import { runTrain } from "./run.ts";

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
