import { assert } from "@std/assert";
import type { Device, HostArray } from "../../engine/devices/device.ts";
import { gradient } from "../../engine/graph/gradient.ts";
import { add, multiply } from "../../engine/ops/elementwise.ts";
import { broadcastTo } from "../../engine/ops/movement.ts";
import { sum } from "../../engine/ops/reduction.ts";
import { type Feeds, Program } from "../../engine/program.ts";
import { input, type Shape, type Tensor } from "../../engine/graph/tensor.ts";
import { assertGradientAlong } from "../central_differences.ts";
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

/** An operation to be checked. */
export interface OperationCheck {
  /** What it is, for messages. */
  readonly name: string;
  /** Shapes of its inputs. */
  readonly shapes: readonly Shape[];
  readonly operation: (...inputs: Tensor[]) => Tensor;
  /** Range of the inputs. */
  readonly low?: number;
  readonly high?: number;
  /** `false` where it has none, or is not smooth: leave out the gradient. */
  readonly gradient?: boolean;
  readonly tolerance?: number;
}

/** Most draws of random inputs: they come within a step of a kink once in some hundred draws. */
const MAX_DRAWS = 5;

/**
 * Checks operations in the middle of a graph, all in one program: their values against the float64
 * reference, and the gradients that the device computes against central differences of the
 * reference along random directions. Only a gradient at a kink is drawn again.
 */
export async function checkOperations(
  device: Device,
  checks: readonly OperationCheck[],
): Promise<void> {
  const traced = checks.map(trace);
  await poison(device);
  const program = await Program.compile(device, {
    outputs: traced.flatMap(({ y, gradients }) => [y, ...gradients]),
  });
  let pending = traced;
  for (let draw = 0; draw < MAX_DRAWS && pending.length > 0; draw++) {
    const feeds = Object.assign({}, ...traced.map(drawFeeds));
    // twice: the first run leaves its own values where the second one works
    await program.run(feeds);
    const results = await program.evaluate(feeds);
    const resultsOf = new Map(
      traced.map((check) => [
        check,
        results.splice(0, 1 + check.gradients.length),
      ]),
    );
    pending = pending.filter((check) =>
      !compare(check, resultsOf.get(check)!, feeds)
    );
  }
  program.destroy();
  assert(
    pending.length === 0,
    `${pending.map(({ name }) => name)}: no smooth place among ${MAX_DRAWS}`,
  );
}

/** {@linkcode checkOperations} for a single one. */
export async function checkOperation(
  device: Device,
  shapes: readonly Shape[],
  operation: (...inputs: Tensor[]) => Tensor,
  options: Omit<OperationCheck, "name" | "shapes" | "operation"> = {},
): Promise<void> {
  const name = "the operation";
  await checkOperations(device, [{ ...options, name, shapes, operation }]);
}

interface TracedCheck extends OperationCheck {
  readonly inputs: readonly Tensor[];
  readonly names: readonly string[];
  readonly weights: string;
  readonly y: Tensor;
  readonly loss: Tensor;
  readonly gradients: readonly Tensor[];
}

function trace(check: OperationCheck, number: number): TracedCheck {
  const names = check.shapes.map((_, i) => `x${number}.${i}`);
  const inputs = check.shapes.map((shape, i) => input(names[i], shape));
  // something before and something after the operation, so that it is nowhere the end of a graph
  const y = check.operation(
    ...inputs.map((x) => add(multiply(x, 0.9), 0.01)),
  );
  const weights = `weights${number}`;
  const loss = sum(multiply(multiply(y, y), input(weights, y.shape)));
  const gradients = check.gradient === false ? [] : gradient(loss, inputs);
  return { ...check, inputs, names, weights, y, loss, gradients };
}

function drawFeeds(
  { inputs, names, weights, y, low = -1, high = 1 }: TracedCheck,
): Feeds {
  return {
    ...Object.fromEntries(
      inputs.map(({ size }, i) => [names[i], randomArray(size, low, high)]),
    ),
    [weights]: randomArray(y.size),
  };
}

/** Whether all gradients could be compared: false at a kink. */
function compare(
  { name, names, weights, inputs, y, loss, gradients, tolerance }: TracedCheck,
  [actual, ...actualGradients]: readonly HostArray[],
  feeds: Feeds,
): boolean {
  const [expected] = evaluate([y], feeds);
  assertClose(actual, expected, `${name} [${y.shape}]`, tolerance);
  if (gradients.length === 0) return true;
  const lossAt = (place: Float64Array[]) =>
    evaluate([loss], {
      ...Object.fromEntries(names.map((input, i) => [input, place[i]])),
      [weights]: feeds[weights],
    })[0][0];
  return [0, 1, 2].every(() =>
    assertGradientAlong(inputs.map(({ size }) => randomArray(size)), {
      f: lossAt,
      place: names.map((input) => feeds[input]),
      gradients: actualGradients,
      what: name,
    })
  );
}
