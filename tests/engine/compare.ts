import { assert, AssertionError } from "@std/assert";
import type { Device } from "../../engine/devices/device.ts";
import { gradient } from "../../engine/graph/gradient.ts";
import { add, multiply } from "../../engine/ops/elementwise.ts";
import { broadcastTo } from "../../engine/ops/movement.ts";
import { sum } from "../../engine/ops/reduction.ts";
import { type Feeds, Program } from "../../engine/program.ts";
import { input, type Shape, type Tensor } from "../../engine/graph/tensor.ts";
import { randomArray } from "../random.ts";
import { evaluate } from "./reference.ts";

/** Asserts that values agree to `tolerance` times the largest expected magnitude (at least 1). */
export function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  what: string,
  tolerance = 2e-5,
): void {
  assert(
    actual.length === expected.length,
    `${what}: ${actual.length} values, not ${expected.length}`,
  );
  const scale = Math.max(1, ...Array.from(expected, Math.abs));
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i] - expected[i]);
    assert(
      error <= tolerance * scale,
      `${what}: element ${i} is ${actual[i]}, not ${
        expected[i]
      } (scale ${scale})`,
    );
  }
}

/** Fills the memory that the next program will use with NaN, so that it cannot rely on zeros there. */
export async function poison(
  device: Device,
  elements = 1 << 16,
): Promise<void> {
  const program = await Program.compile(device, {
    outputs: [broadcastTo(input("nan", [1]), [elements])],
  });
  await program.run({ nan: new Float32Array([NaN]) });
  program.destroy();
}

/** Compiles, runs on poisoned memory and compares with the float64 reference. */
export async function checkForward(
  device: Device,
  outputs: readonly Tensor[],
  feeds: Feeds,
  tolerance?: number,
): Promise<void> {
  await poison(device);
  const program = await Program.compile(device, { outputs });
  // twice: the first run leaves its own values where the second one works
  await program.run(feeds);
  const actual = await program.evaluate(feeds);
  program.destroy();
  evaluate(outputs, feeds).forEach((expected, i) => {
    assertClose(
      actual[i],
      expected,
      `output ${i} [${outputs[i].shape}]`,
      tolerance,
    );
  });
}

/** How the inputs of a checked operation are drawn. */
export interface CheckOptions {
  /** Range of the inputs. */
  readonly low?: number;
  readonly high?: number;
  /** Where the operation is not smooth everywhere, or not differentiable: leave out the gradient. */
  readonly gradient?: boolean;
  readonly tolerance?: number;
}

/** Step along a direction for central differences. */
const STEP = 1e-5;

/**
 * Checks an operation in the middle of a graph: its values against the float64 reference, and the
 * gradient that the device computes against central differences of the reference along random
 * directions.
 */
export async function checkOperation(
  device: Device,
  shapes: readonly Shape[],
  operation: (...inputs: Tensor[]) => Tensor,
  options: CheckOptions = {},
): Promise<void> {
  // random inputs come within a step of a kink, such as that of a maximum, once in some hundred draws
  for (let draws = 0; draws < 5; draws++) {
    if (await checkDraw(device, shapes, operation, options)) return;
  }
  throw new AssertionError("no smooth place among five random ones");
}

/** Returns false, having compared no gradient, where the inputs drawn lie at a kink. */
async function checkDraw(
  device: Device,
  shapes: readonly Shape[],
  operation: (...inputs: Tensor[]) => Tensor,
  options: CheckOptions,
): Promise<boolean> {
  const inputs = shapes.map((shape, i) => input(`x${i}`, shape));
  const low = options.low ?? -1;
  const high = options.high ?? 1;
  const feeds = Object.fromEntries(
    inputs.map(({ size }, i) => [`x${i}`, randomArray(size, low, high)]),
  );
  // something before and something after the operation, so that it is nowhere the end of a graph
  const before = inputs.map((x) => add(multiply(x, 0.9), 0.01));
  const y = operation(...before);
  await checkForward(device, [y], feeds, options.tolerance);
  if (options.gradient === false) return true;

  const loss = sum(multiply(multiply(y, y), input("weights", y.shape)));
  const allFeeds = { ...feeds, weights: randomArray(y.size) };
  await poison(device);
  const program = await Program.compile(device, {
    outputs: gradient(loss, inputs),
  });
  const gradients = await program.evaluate(allFeeds);
  program.destroy();
  for (let direction = 0; direction < 3; direction++) {
    const directions = inputs.map(({ size }) => randomArray(size));
    const lossAt = (distance: number): number => {
      const moved = inputs.map(({ size }, i) => [
        `x${i}`,
        Float64Array.from(
          { length: size },
          (_, j) => feeds[`x${i}`][j] + distance * directions[i][j],
        ),
      ]);
      const values = {
        ...Object.fromEntries(moved),
        weights: allFeeds.weights,
      };
      return evaluate([loss], values)[0][0];
    };
    const terms = gradients.flatMap((values, i) =>
      Array.from(values, (value, j) => value * directions[i][j])
    );
    const scale = Math.max(1, Math.hypot(...terms));
    const here = lossAt(0);
    const ahead = (lossAt(STEP) - here) / STEP;
    const behind = (here - lossAt(-STEP)) / STEP;
    // a kink between them puts their mean off by half their difference
    if (Math.abs(ahead - behind) > 1e-3 * scale) return false;
    const expected = (ahead + behind) / 2;
    const actual = terms.reduce((total, term) => total + term, 0);
    assert(
      Math.abs(actual - expected) <= 1e-3 * scale,
      `gradient along direction ${direction}: ${actual}, not ${expected} (scale ${scale})`,
    );
  }
  return true;
}
