import { assert } from "@std/assert";
import type { Device, HostArray } from "../../engine/devices/device.ts";
import { gradient, reachable } from "../../engine/graph/gradient.ts";
import type { Tensor } from "../../engine/graph/tensor.ts";
import { Program } from "../../engine/program.ts";
import { assertGradientAlong } from "../central_differences.ts";
import type { Draw } from "../fuzz/draw.ts";
import type { RandomGraph } from "./random_graph.ts";
import { evaluate } from "./reference.ts";
import { Tolerance } from "./rounding.ts";

/**
 * Evaluations with random errors: for all values, where one seems wrong, and for an operation by itself.
 */
const EVALUATIONS = { all: 3, doubtful: 100, operation: 10 };
/** Above this share of the largest magnitude of a value, its tolerance could hide an error. */
const LOOSE = 1e-3;

/** What a check could say of a graph. */
export interface GraphCheck {
  /** Whether no tolerance is so wide that it could hide an error. */
  readonly isTight: boolean;
  /** Whether its gradient was compared with a slope: not at a kink. */
  readonly isSmooth: boolean;
}

/**
 * Asserts that a device computes outputs, gradients and assigned storages of a graph as float64 does,
 * fused and unfused, and that the gradient in float64 gives the slope of the loss. Where a graph stands
 * on a jump, which the device's rounding may take to the other side, the device has to be right one
 * operation after the other, and its result must be what these give.
 */
export async function checkGraph(
  device: Device,
  graph: RandomGraph,
  draw: Draw,
): Promise<GraphCheck> {
  const { loss, variables, feeds, assignments } = graph;
  const gradients = gradient(loss, variables);
  const outputs = [...graph.outputs, loss, ...gradients];
  const roots = [...outputs, ...assignments.map(({ value }) => value)];
  const expected = evaluate(roots, feeds);
  const tolerance = new Tolerance(roots, feeds, expected, draw);
  tolerance.widen(EVALUATIONS.all);
  for (const fused of [true, false]) {
    const actual = await run(device, graph, outputs, fused);
    const wrong = () =>
      firstWrong(roots, actual, expected, tolerance, outputs.length);
    if (wrong() !== undefined) tolerance.widen(EVALUATIONS.doubtful, true);
    const problem = wrong();
    if (problem === undefined) continue;
    const name = fused ? "fused" : "unfused";
    const steps = await computeStepByStep(device, graph, roots, problem, draw);
    const difference = firstWrong(
      roots,
      actual,
      steps,
      tolerance,
      outputs.length,
    );
    assert(difference === undefined, `${name}, step by step: ${difference}`);
  }
  return {
    isTight: expected.every((values, root) => {
      const scale = values.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-30);
      return values.every((_, i) => tolerance.of(root, i) <= LOOSE * scale);
    }),
    isSmooth: checkSlope(
      graph,
      expected.slice(graph.outputs.length + 1, outputs.length),
      draw,
    ),
  };
}

/**
 * The values of `roots` on the device, computed one operation after the other.
 *
 * @throws {AssertionError} if an operation gives something else than in float64 for the inputs that it
 * had there; the message begins with `problem`.
 */
async function computeStepByStep(
  device: Device,
  { feeds, storages }: RandomGraph,
  roots: readonly Tensor[],
  problem: string,
  draw: Draw,
): Promise<Float64Array[]> {
  const nodes = reachable(roots);
  const known = new Map<Tensor, Float64Array>();
  const computed = nodes.filter(({ operation: { kind } }) =>
    kind !== "input" && kind !== "state" && kind !== "constant"
  );
  const program = await Program.compile(device, {
    outputs: computed,
    fused: false,
  });
  const values = await program.evaluate(feeds);
  program.destroy();
  storages.forEach((storage) => device.release(storage));
  const found = new Map(computed.map((node, i) => [node, values[i]]));
  for (const node of nodes) {
    const inputs = new Map(
      node.inputs.map((input) => [input, known.get(input)!]),
    );
    const expected = evaluate([node], feeds, new Map(inputs));
    const value = found.get(node);
    if (value) {
      const tolerance = new Tolerance([node], feeds, expected, draw, inputs);
      tolerance.widen(EVALUATIONS.operation);
      const wrong = firstWrong([node], [value], expected, tolerance, 1);
      assert(
        wrong === undefined,
        `${problem}; by itself ${wrong}`,
      );
    }
    // devices have constants in f32
    const rounded = node.dtype === "f32"
      ? expected[0].map(Math.fround)
      : expected[0];
    known.set(node, value ? Float64Array.from(value) : rounded);
  }
  return roots.map((root) => known.get(root)!);
}

/** Outputs, and then the storages that are assigned to, after a step. */
async function run(
  device: Device,
  { feeds, storages, assignments }: RandomGraph,
  outputs: readonly Tensor[],
  fused: boolean,
): Promise<HostArray[]> {
  const program = await Program.compile(device, {
    outputs,
    assignments,
    fused,
  });
  try {
    // twice: the first run leaves its own values where the second one works
    await program.run(feeds);
    for (const storage of storages) {
      await device.write(storage, Float32Array.from(storage.initial!));
    }
    const values = await program.evaluate(feeds);
    for (const { storage } of assignments) {
      values.push(await device.read(storage));
    }
    return values;
  } finally {
    program.destroy();
    storages.forEach((storage) => device.release(storage));
  }
}

function firstWrong(
  roots: readonly Tensor[],
  actual: readonly HostArray[],
  expected: readonly Float64Array[],
  tolerance: Tolerance,
  outputs: number,
): string | undefined {
  for (const [root, values] of expected.entries()) {
    const i = values.findIndex((value, i) =>
      !(Math.abs(actual[root][i] - value) <= tolerance.of(root, i))
    );
    if (i < 0) continue;
    const what = root < outputs ? "output" : "assigned value";
    const { shape, operation } = roots[root];
    return `${what} ${root}, ${operation.kind} [${shape}]: element ${i} is ${
      actual[root][i]
    }, not ${values[i]} ± ${tolerance.of(root, i)}`;
  }
}

/** Asserts that gradients are those of the loss in float64; whether they could be compared. */
function checkSlope(
  { loss, variables, feeds }: RandomGraph,
  gradients: readonly Float64Array[],
  draw: Draw,
): boolean {
  // what has no gradient stays as it is
  const frozen = reachable([loss])
    .filter(({ operation }) => operation.kind === "stopGradient");
  const stopped = evaluate(frozen, feeds);
  return assertGradientAlong(
    variables.map(({ size }) => draw.numbers(size, -1, 1)),
    {
      place: variables.map((variable) => evaluate([variable], feeds)[0]),
      gradients,
      what: "gradient",
      f: (place) => {
        const known = new Map([
          ...frozen.map((x, i) => [x, stopped[i]] as const),
          ...variables.map((x, i) => [x, place[i]] as const),
        ]);
        return evaluate([loss], feeds, known)[0][0];
      },
    },
  );
}
