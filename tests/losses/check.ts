import { assertEquals } from "@std/assert";
import type { Device } from "../../engine/devices/device.ts";
import { gradient } from "../../engine/graph/gradient.ts";
import { add, multiply } from "../../engine/ops/elementwise.ts";
import { normalArray } from "../../engine/ops/random.ts";
import { Program } from "../../engine/program.ts";
import {
  input,
  type Shape,
  sizeOf,
  type Tensor,
} from "../../engine/graph/tensor.ts";
import type { LossValue } from "../../losses/term.ts";
import { assertClose, poison } from "../engine/compare.ts";

/** Vectors one after another. */
export type Rows = readonly ArrayLike<number>[];

/** A loss in float64, with the numbers beside it. */
export interface NaiveLoss {
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** A loss and its definition. */
export interface LossCheck {
  /** Shapes of its inputs, `[..., width]`. */
  readonly shapes: readonly Shape[];
  readonly loss: (...inputs: Tensor[]) => LossValue;
  /** The same in float64; each input as its rows. */
  readonly naive: (...inputs: Rows[]) => NaiveLoss;
  /** Positions of the inputs that no gradient reaches; none by default. */
  readonly stopped?: readonly number[];
}

/** Rows of unit length in random directions, always the same for a seed. */
export function unitRows(
  shape: Shape,
  seed: number,
): Float32Array<ArrayBuffer> {
  const values = normalArray(sizeOf(shape), 1, seed, 1);
  return Float32Array.from(
    rowsOf(values, shape.at(-1)!).flatMap((row) => {
      const length = Math.hypot(...Array.from(row));
      return Array.from(row, (value) => value / length);
    }),
  );
}

/** Values cut into rows. */
export function rowsOf(values: ArrayLike<number>, width: number): number[][] {
  return Array.from(
    { length: values.length / width },
    (_, row) =>
      Array.from({ length: width }, (_, i) => values[row * width + i]),
  );
}

/** The sum of the products of two vectors. */
export function dot(x: ArrayLike<number>, y: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i] * y[i];
  return sum;
}

/** The paper's `|x, y|` for vectors of unit length, kept from 0 and 1 as its logarithms need it. */
export function similarity(x: ArrayLike<number>, y: ArrayLike<number>): number {
  return Math.min(Math.max((1 + dot(x, y)) / 2, 1e-6), 1 - 1e-6);
}

const STEP = 1e-5;

/**
 * Checks a loss in the middle of a graph: its value and metrics against the definition, and each
 * element of its gradients against central differences of the definition.
 */
export async function checkLoss(
  device: Device,
  { shapes, loss, naive, stopped = [] }: LossCheck,
): Promise<void> {
  const inputs = shapes.map((shape, i) => input(`x${i}`, shape));
  // shorter than 1, so that no similarity is clamped; the losses are defined for any length
  const place = shapes.map((shape, i) =>
    unitRows(shape, i + 1).map((value) => 0.8 * value)
  );
  const { loss: value, metrics } = loss(
    ...inputs.map((x) => add(multiply(x, 0.9), 0.01)),
  );
  const names = Object.keys(metrics);
  const after = multiply(multiply(value, value), 3);
  await poison(device);
  const program = await Program.compile(device, {
    outputs: [value, ...Object.values(metrics), ...gradient(after, inputs)],
  });
  const results = await program.evaluate(
    Object.fromEntries(place.map((values, i) => [`x${i}`, values])),
  );
  program.destroy();

  const naiveAt = (place: readonly ArrayLike<number>[]) =>
    naive(
      ...place.map((values, i) => {
        const before = Array.from(values, (value) => 0.9 * value + 0.01);
        return rowsOf(before, shapes[i].at(-1)!);
      }),
    );
  const expected = naiveAt(place);
  assertClose(results[0], [expected.loss], "loss", 1e-5);
  assertEquals(names.toSorted(), Object.keys(expected.metrics).toSorted());
  names.forEach((name, i) =>
    assertClose(results[1 + i], [expected.metrics[name]], name, 1e-5)
  );
  inputs.forEach(({ size }, i) => {
    const actual = results[1 + names.length + i];
    const slopes = Float64Array.from({ length: size }, (_, j) => {
      if (stopped.includes(i)) return 0;
      const lossAt = (step: number) => {
        const moved = place.map((values) => Float64Array.from(values));
        moved[i][j] += step;
        return 3 * naiveAt(moved).loss ** 2;
      };
      return (lossAt(STEP) - lossAt(-STEP)) / (2 * STEP);
    });
    // relative to the largest: the gradient of a mean over many pairs is small
    const scale = Math.max(...slopes.map(Math.abs)) || 1;
    assertClose(
      Array.from(actual, (value) => value / scale),
      slopes.map((value) => value / scale),
      `gradient of input ${i}`,
      1e-4,
    );
  });
}
