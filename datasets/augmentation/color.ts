import {
  add,
  clamp,
  divide,
  equal,
  floor,
  less,
  maximum,
  minimum,
  multiply,
  select,
  subtract,
} from "../../engine/ops/elementwise.ts";
import {
  broadcastTo,
  concatenate,
  permute,
  reshape,
  sliceAxis,
} from "../../engine/ops/movement.ts";
import type { RandomSource } from "../../engine/ops/random.ts";
import { mean, sum } from "../../engine/ops/reduction.ts";
import type { Tensor } from "../../engine/graph/tensor.ts";

/** Red, green and blue, each `[n, height, 1, width]`, 0 to 1. */
export type Planes = readonly [Tensor, Tensor, Tensor];

/** `[n, height, 3, width]` -> its three planes. */
export function planesOf(images: Tensor): Planes {
  const plane = (i: number) => sliceAxis(images, 2, i, i + 1);
  return [plane(0), plane(1), plane(2)];
}

/** Subtracts a mean and divides by a deviation for each colour; planes -> `[n, height, width, 3]`. */
export function normalize(
  planes: Planes,
  channelMean: readonly number[],
  deviation: readonly number[],
): Tensor {
  const normalized = planes.map((plane, i) =>
    // [n, height, 1, width] -> [n, height, width, 1]
    permute(multiply(subtract(plane, channelMean[i]), 1 / deviation[i]), [
      0,
      1,
      3,
      2,
    ])
  );
  return concatenate(normalized, -1);
}

/** Luma of ITU-R 601, as Pillow converts to grey. */
function grey([red, green, blue]: Planes): Tensor {
  return add(
    add(multiply(red, 0.299), multiply(green, 0.587)),
    multiply(blue, 0.114),
  );
}

function map(
  planes: Planes,
  change: (plane: Tensor, i: number) => Tensor,
): Planes {
  return [change(planes[0], 0), change(planes[1], 1), change(planes[2], 2)];
}

/** Numbers that say how each image is jittered, all `[n, 1, 1, 1]`. */
interface Jitter {
  /** Which step of the four each change is: brightness, contrast, saturation, hue. */
  readonly steps: readonly Tensor[];
  /** Factor of brightness, contrast and saturation. */
  readonly factors: readonly Tensor[];
  /** Turn of the hue, as part of a full circle. */
  readonly turn: Tensor;
}

/** Strengths of the colour jitter and how likely it and greyscale are (Bachman et al. 2019). */
const STRENGTH = 0.4;
const HUE = 0.2;
const JITTER_PROBABILITY = 0.8;
const GREY_PROBABILITY = 0.25;

function drawJitter(n: number, random: RandomSource): Jitter {
  const scalar = (x: Tensor) => reshape(x, [n, 1, 1, 1]);
  const applied = less(random.uniform([n]), JITTER_PROBABILITY);
  const draw = (strength: number) =>
    multiply(
      subtract(multiply(random.uniform([n]), 2), 1),
      multiply(applied, strength),
    );
  const factors = [0, 1, 2].map(() => scalar(add(draw(STRENGTH), 1)));
  const turn = scalar(draw(HUE));
  // a random order: the rank of each change's random number
  const keys = random.uniform([n, 4]);
  const isEarlier = less(reshape(keys, [n, 1, 4]), reshape(keys, [n, 4, 1]));
  const rank = sum(isEarlier, { axes: [2] });
  return {
    steps: [0, 1, 2, 3].map((i) => scalar(sliceAxis(rank, 1, i, i + 1))),
    factors,
    turn,
  };
}

/** Turns the hue of each image by `turn` (a part of the circle), saturation and value kept. */
function turnHue(planes: Planes, turn: Tensor): Planes {
  const [red, green, blue] = planes;
  const value = maximum(maximum(red, green), blue);
  const range = subtract(value, minimum(minimum(red, green), blue));
  const inverse = divide(1, maximum(range, 1e-8));
  // the hue in sixths of the circle, from red; the planes are compared with each other, because a GPU
  // may round one that is computed again otherwise than in `value`
  const sixths = select(
    less(red, maximum(green, blue)),
    select(
      less(green, blue),
      add(multiply(subtract(red, green), inverse), 4),
      add(multiply(subtract(blue, red), inverse), 2),
    ),
    multiply(subtract(green, blue), inverse),
  );
  const turned = add(sixths, multiply(turn, 6));
  // red, green and blue fall off around 5, 3 and 1 sixths (Smith 1978)
  return map(planes, (_, i) => {
    const angle = add(turned, [5, 3, 1][i]);
    const k = subtract(angle, multiply(floor(multiply(angle, 1 / 6)), 6));
    return subtract(
      value,
      multiply(range, clamp(minimum(k, subtract(4, k)), 0, 1)),
    );
  });
}

/** Brightness, contrast, saturation and hue jitter in random order, then perhaps grey, for each image. */
export function jitterColors(planes: Planes, random: RandomSource): Planes {
  const [n] = planes[0].shape;
  const { steps, factors, turn } = drawJitter(n, random);
  for (let step = 0; step < steps.length; step++) {
    const isNow = steps.map((own) => equal(own, step));
    const luma = grey(planes);
    const average = mean(luma, { axes: [1, 2, 3], keepAxes: true });
    // brightness blends with black, contrast with the average grey, saturation with the own grey
    const factor = select(
      isNow[0],
      factors[0],
      select(isNow[1], factors[1], factors[2]),
    );
    const base = select(isNow[0], 0, select(isNow[1], average, luma));
    const turned = turnHue(planes, turn);
    planes = map(planes, (plane, i) => {
      const blended = add(
        multiply(plane, factor),
        multiply(base, subtract(1, factor)),
      );
      return select(isNow[3], turned[i], clamp(blended, 0, 1));
    });
  }
  const isGrey = reshape(less(random.uniform([n]), GREY_PROBABILITY), [
    n,
    1,
    1,
    1,
  ]);
  const luma = grey(planes);
  return map(planes, (plane) => select(isGrey, luma, plane));
}

/** Which of `n` images are mirrored, the `views` of one alike: `[n * views]`. */
export function drawFlips(
  n: number,
  views: number,
  random: RandomSource,
): Tensor {
  const flips = less(random.uniform([n, 1]), 0.5);
  return reshape(broadcastTo(flips, [n, views]), [n * views]);
}
