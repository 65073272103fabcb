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
import { assertClose, poison } from "../engine/compare.ts";
import { randomArray } from "../random.ts";
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
  readonly tolerance?: number;
  /**
   * Whether it has ReLUs in a row: where the input of one is within rounding of 0, float32 may let a
   * gradient pass that float64 stops, so that one draw of the inputs in some hundred fails.
   */
  readonly kinks?: boolean;
}

/** Steps along a direction for central differences: small, so that few of them cross the kink of a ReLU. */
const STEP = 1e-6;

/**
 * Checks a layer in the middle of a graph: its values against the definition in float64, and the
 * gradients of its input and of all its parameters against central differences of the definition.
 */
export async function checkLayer<Layer extends object>(
  device: Device,
  check: LayerCheck<Layer>,
): Promise<void> {
  // a mistake fails at every draw
  for (let attempts = check.kinks ? 3 : 1; attempts > 1; attempts--) {
    try {
      return await checkDraw(device, check);
    } catch (error) {
      if (!(error instanceof AssertionError)) throw error;
    }
  }
  await checkDraw(device, check);
}

async function checkDraw<Layer extends object>(
  device: Device,
  check: LayerCheck<Layer>,
): Promise<void> {
  const { layer, shape } = check;
  const parameters = packParameters(layer, 0);
  // the initial values are mostly zeros, ones and very small numbers, which hide mistakes
  const values = parameters.storage.initial as Float32Array<ArrayBuffer>;
  values.set(randomArray(values.length));
  const [seed, step] = [Date.now() >>> 0, 7];
  const key = input("key", [2], "u32");
  const context = new Context(
    check.training === false ? undefined : new RandomSource(key),
  );
  const x = input("x", shape);
  const y = check.forward(layer, add(multiply(x, 0.9), 0.01), context);
  const loss = sum(multiply(multiply(y, y), input("weights", y.shape)));
  const feeds = {
    x: randomArray(x.size),
    weights: randomArray(y.size),
    key: new Uint32Array([seed, step]),
  };
  await poison(device);
  const program = await Program.compile(device, {
    outputs: [y, ...gradient(loss, [x, ...parameters.tensors])],
  });
  const [actual, inputGradient, ...gradients] = await program.evaluate(feeds);
  program.destroy();
  device.release(parameters.storage);

  const naive = (x: Float64Array, packed: Float64Array) =>
    check.naive(
      x.map((value) => 0.9 * value + 0.01),
      (name) => {
        const entry = parameters.entries.get(name);
        assert(entry, `there is no parameter ${name}`);
        const { shape, offset } = entry;
        return packed.subarray(offset, offset + sizeOf(shape));
      },
      new NaiveRandom(seed, step),
    );
  const place = [Float64Array.from(feeds.x), Float64Array.from(values)];
  const expected = naive(place[0], place[1]);
  assertClose(actual, expected, "value", check.tolerance);

  const flat = new Float64Array(values.length);
  [...parameters.entries.values()].forEach(({ offset }, i) =>
    flat.set(gradients[i], offset)
  );
  for (let direction = 0; direction < 3; direction++) {
    const directions = place.map(({ length }) => randomArray(length));
    const lossAt = (sign: number) => {
      const [x, packed] = place.map((values, i) =>
        values.map((value, j) => value + sign * STEP * directions[i][j])
      );
      return naive(x, packed).reduce(
        (total, value, i) => total + value * value * feeds.weights[i],
        0,
      );
    };
    const slope = (lossAt(1) - lossAt(-1)) / (2 * STEP);
    const terms = [inputGradient, flat].flatMap((values, i) =>
      Array.from(values, (value, j) => value * directions[i][j])
    );
    const total = terms.reduce((total, term) => total + term, 0);
    const scale = Math.max(1, Math.hypot(...terms));
    assert(
      Math.abs(total - slope) <= 1e-3 * scale,
      `gradient along a direction: ${total}, not ${slope} (scale ${scale})`,
    );
  }
}
