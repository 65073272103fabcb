import { assert, assertEquals } from "@std/assert";
import type { Device } from "../../engine/devices/device.ts";
import { gradient } from "../../engine/graph/gradient.ts";
import {
  input,
  type Shape,
  sizeOf,
  type Tensor,
} from "../../engine/graph/tensor.ts";
import { add, multiply } from "../../engine/ops/elementwise.ts";
import { normalArray } from "../../engine/ops/random.ts";
import { type Feeds, Program } from "../../engine/program.ts";
import type { LossValue } from "../../losses/term.ts";
import { moved, slopeAtZero } from "../central_differences.ts";
import { assertClose, poison } from "../engine/compare.ts";
import { randomWord } from "../random.ts";

/** Vectors one after another. */
export type Rows = readonly ArrayLike<number>[];

/** A loss in float64, with the numbers beside it. */
export interface NaiveLoss {
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** A loss and its definition. */
export interface LossCase {
  /** Says in messages which case it is. */
  readonly what: string;
  /** Shapes of its inputs, `[..., width]`. */
  readonly shapes: readonly Shape[];
  readonly loss: (...inputs: Tensor[]) => LossValue;
  /** The same in float64; each input as its rows. */
  readonly naive: (...inputs: Rows[]) => NaiveLoss;
  /** Positions of the inputs that no gradient reaches; none by default. */
  readonly stopped?: readonly number[];
}

/** Rows of unit length in random directions; with a seed always the same. */
export function unitRows(
  shape: Shape,
  seed: number = randomWord(),
): Float32Array<ArrayBuffer> {
  const values = normalArray(sizeOf(shape), 1, seed, 1);
  return Float32Array.from(
    rowsOf(values, shape.at(-1)!).flatMap((row) => {
      const length = Math.hypot(...row);
      return row.map((value) => value / length);
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

/** Keeps a similarity away from 0 and 1, as its logarithms need it. */
export function bounded(s: number): number {
  return Math.min(Math.max(s, 1e-6), 1 - 1e-6);
}

/** The paper's `|x, y|` for vectors of unit length. */
export function similarity(x: ArrayLike<number>, y: ArrayLike<number>): number {
  return bounded((1 + dot(x, y)) / 2);
}

const STEP = 1e-5;

/**
 * Checks losses in the middle of a graph: value and metrics against the definition, and each element
 * of the gradients against central differences of the definition. All cases are one program.
 */
export async function checkLosses(
  device: Device,
  cases: readonly LossCase[],
): Promise<void> {
  const traced = cases.map((lossCase, i) => trace(lossCase, `case${i}`));
  await poison(device);
  const program = await Program.compile(device, {
    outputs: traced.flatMap(({ outputs }) => outputs),
  });
  const feeds: Feeds = Object.assign({}, ...traced.map(({ feeds }) => feeds));
  const results = await program.evaluate(feeds);
  program.destroy();
  for (const { check, outputs } of traced) {
    check(results.splice(0, outputs.length));
  }
  assertEquals(results, []);
}

function trace(
  { what, shapes, loss, naive, stopped = [] }: LossCase,
  prefix: string,
) {
  const inputs = shapes.map((shape, i) => input(`${prefix}.${i}`, shape));
  // shorter than 1, so that no similarity is clamped; the losses are defined for any length
  const place = shapes.map((shape) =>
    unitRows(shape).map((value) => 0.8 * value)
  );
  const { loss: value, metrics } = loss(
    ...inputs.map((x) => add(multiply(x, 0.9), 0.01)),
  );
  const after = multiply(multiply(value, value), 3);
  const naiveAt = (place: readonly ArrayLike<number>[]) =>
    naive(
      ...place.map((values, i) => {
        const before = Array.from(values, (value) => 0.9 * value + 0.01);
        return rowsOf(before, shapes[i].at(-1)!);
      }),
    );
  return {
    outputs: [value, ...Object.values(metrics), ...gradient(after, inputs)],
    feeds: Object.fromEntries(
      place.map((values, i) => [`${prefix}.${i}`, values]),
    ),
    check(results: readonly ArrayLike<number>[]): void {
      const [actual, ...others] = results;
      const expected = naiveAt(place);
      assertClose(actual, [expected.loss], `loss of ${what}`, 1e-5);
      const names = Object.keys(metrics);
      assertEquals(names.toSorted(), Object.keys(expected.metrics).toSorted());
      names.forEach((name, i) =>
        assertClose(
          others[i],
          [expected.metrics[name]],
          `${name} of ${what}`,
          1e-5,
        )
      );
      others.slice(names.length).forEach((gradient, i) =>
        assertRelativelyClose(
          gradient,
          stopped.includes(i)
            ? new Float64Array(gradient.length)
            : slopesOf(place.map((values) => Float64Array.from(values)), i),
          `gradient of input ${i} of ${what}`,
        )
      );
    },
  };

  /** Derivatives with respect to each element of an input. */
  function slopesOf(place: readonly Float64Array[], which: number) {
    return place[which].map((_, element) => {
      const direction = new Float64Array(place[which].length);
      direction[element] = 1;
      return slopeAtZero(
        (distance) =>
          3 * naiveAt(
              place.with(which, moved(place[which], direction, distance)),
            ).loss ** 2,
        STEP,
      ).central;
    });
  }
}

/** Close relative to the largest element: the gradient of a mean over many pairs is small. */
function assertRelativelyClose(
  actual: ArrayLike<number>,
  expected: Float64Array,
  what: string,
): void {
  const scale = Math.max(...expected.map(Math.abs)) || 1;
  assertClose(
    Array.from(actual, (value) => value / scale),
    expected.map((value) => value / scale),
    what,
    1e-4,
  );
}

/** Loss and gradient of given inputs, which all must be finite. */
export async function evaluateLoss(
  device: Device,
  inputs: Readonly<Record<string, readonly [Shape, ArrayLike<number>]>>,
  loss: (inputs: Readonly<Record<string, Tensor>>) => Tensor,
): Promise<{ loss: number; gradients: ArrayLike<number>[] }> {
  const tensors = Object.fromEntries(
    Object.entries(inputs).map(([name, [shape]]) => [name, input(name, shape)]),
  );
  const value = loss(tensors);
  await poison(device);
  const program = await Program.compile(device, {
    outputs: [value, ...gradient(value, Object.values(tensors))],
  });
  const [result, ...gradients] = await program.evaluate(
    Object.fromEntries(
      Object.entries(inputs).map(([name, [, values]]) => [
        name,
        Float32Array.from(values),
      ]),
    ),
  );
  program.destroy();
  for (const values of [result, ...gradients]) {
    assert(values.every(Number.isFinite), `not finite: ${values}`);
  }
  return { loss: result[0], gradients };
}
