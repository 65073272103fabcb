import { assert, AssertionError } from "@std/assert";
import type { Device } from "../../engine/devices/device.ts";
import { gradient } from "../../engine/graph/gradient.ts";
import { add, multiply } from "../../engine/ops/elementwise.ts";
import { RandomSource } from "../../engine/ops/random.ts";
import { sum } from "../../engine/ops/reduction.ts";
import { Program } from "../../engine/program.ts";
import {
  input,
  type Shape,
  sizeOf,
  type Tensor,
} from "../../engine/graph/tensor.ts";
import { Context } from "../../layers/context.ts";
import { packParameters } from "../../layers/packing.ts";
import {
  assertGradientAlong,
  type GradientCheck,
} from "../central_differences.ts";
import { assertClose, poison } from "../engine/compare.ts";
import { randomArray, randomWord } from "../random.ts";
import { drawSmoothPlace } from "./kinks.ts";
import type { Weights } from "./naive.ts";
import { NaiveRandom } from "./naive_random.ts";

/** A layer and its definition. */
export interface LayerCheck<Layer extends object> {
  readonly layer: Layer;
  /** Shape of the input. */
  readonly shape: Shape;
  /** Whether the pass trains; it does by default. */
  readonly training?: boolean;
  readonly forward: (layer: Layer, x: Tensor, context: Context) => Tensor;
  /** The same in float64. */
  readonly naive: (
    x: Float64Array,
    weights: Weights,
    random: NaiveRandom,
  ) => Float64Array;
  /** Of values, relative to the largest. */
  readonly tolerance?: number;
}

/** A point at which a layer is checked: its input and its packed parameters. */
export type Place = readonly Float64Array[];

/** Step of central differences: so small that few of them cross the kink of a ReLU. */
const STEP = 1e-7;

/** How far, relative to that of rounding, ReLUs are kept from their kinks. */
const MARGIN = 2e-5;

/** Directions drawn until none of the kinks that a network has lies within a step. */
const MAX_DIRECTIONS = 20;

/**
 * Checks a layer in the middle of a graph: its values against the definition in float64, and the
 * gradients of its input and of all its parameters against central differences of the definition.
 */
export async function checkLayer<Layer extends object>(
  device: Device,
  { layer, shape, training = true, forward, naive, tolerance }: LayerCheck<
    Layer
  >,
): Promise<void> {
  const { entries, storage, tensors } = packParameters(layer, 0);
  const [seed, step] = [randomWord(), 7];
  const key = input("key", [2], "u32");
  const context = new Context(training ? new RandomSource(key) : undefined);
  const x = input("x", shape);
  const y = forward(layer, add(multiply(x, 0.9), 0.01), context);
  const loss = sum(multiply(multiply(y, y), input("weights", y.shape)));

  const definition = ([x, packed]: Place) =>
    naive(
      x.map((value) => 0.9 * value + 0.01),
      (name) => {
        const entry = entries.get(name);
        assert(entry, `there is no parameter ${name}`);
        const { shape, offset } = entry;
        return packed.subarray(offset, offset + sizeOf(shape));
      },
      new NaiveRandom(seed, step),
    );
  // random parameters: the initial ones are mostly zeros, ones and very small numbers, which hide mistakes
  const place = drawSmoothPlace(
    (): Place => [
      Float64Array.from(randomArray(x.size)),
      Float64Array.from(randomArray(storage.size)),
    ],
    definition,
    MARGIN,
  );
  const weights = randomArray(y.size);

  storage.initial!.set(place[1]);
  await poison(device);
  const program = await Program.compile(device, {
    outputs: [y, ...gradient(loss, [x, ...tensors])],
  });
  const [value, inputGradient, ...gradients] = await program.evaluate({
    x: Float32Array.from(place[0]),
    weights,
    key: Uint32Array.of(seed, step),
  });
  program.destroy();
  device.release(storage);

  assertClose(value, definition(place), "value", tolerance);
  const parameterGradient = new Float64Array(storage.size);
  [...entries.values()].forEach(({ offset }, i) =>
    parameterGradient.set(gradients[i], offset)
  );
  const lossAt = (place: Place) =>
    definition(place).reduce(
      (total, value, i) => total + value * value * weights[i],
      0,
    );
  for (let i = 0; i < 3; i++) {
    assertGradientSomewhere(
      () => place.map(({ length }) => Float64Array.from(randomArray(length))),
      {
        f: lossAt,
        place,
        gradients: [inputGradient, parameterGradient],
        what: "a random direction",
        tolerance: 2e-4,
      },
    );
  }
}

/**
 * Asserts that gradients agree with central differences along a random direction. Only a direction
 * along which the function itself has a kink within a step is drawn again.
 */
export function assertGradientSomewhere(
  draw: () => readonly Float64Array[],
  check: GradientCheck,
): void {
  for (let i = 0; i < MAX_DIRECTIONS; i++) {
    if (assertGradientAlong(draw(), { step: STEP, minScale: 0, ...check })) {
      return;
    }
  }
  throw new AssertionError(`${check.what}: no direction without a kink`);
}
