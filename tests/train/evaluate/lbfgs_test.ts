import { assert, assertEquals } from "@std/assert";
import { type Evaluation, minimize } from "../../../train/evaluate/lbfgs.ts";
import { assertClose } from "../../engine/compare.ts";
import { randomArray, withSeed } from "../../random.ts";

/** `sum(curvature * (x - minimum)²) / 2`, and how often it was evaluated. */
function quadratic(curvature: readonly number[], minimum: Float32Array) {
  let evaluations = 0;
  return {
    evaluate: (x: Float64Array): Promise<Evaluation> => {
      evaluations++;
      const away = x.map((value, i) => value - minimum[i]);
      const gradient = away.map((value, i) => curvature[i] * value);
      const value = away.reduce((sum, a, i) => sum + a * gradient[i], 0) / 2;
      return Promise.resolve({ value, gradient });
    },
    evaluations: () => evaluations,
  };
}

Deno.test("minimize: finds the minimum of a badly scaled quadratic", () =>
  withSeed("minimize", async () => {
    const curvature = Array.from({ length: 20 }, (_, i) => 10 ** (i / 8 - 1));
    const minimum = randomArray(20);
    const { evaluate, evaluations } = quadratic(curvature, minimum);
    const rule = { tolerance: 1e-9, maxSteps: 500 };
    const found = await minimize(evaluate, new Float64Array(20), rule);
    assertClose(found, minimum, "minimum", 1e-6);
    // steepest descent would take thousands
    assert(evaluations() < 150, `${evaluations()} evaluations`);
  }));

Deno.test("minimize: goes along curves that a step of 1 overshoots or hardly moves on", async () => {
  // log(e^(x - 1000) + e^(1000 - x)): flat but for a bend at 1000
  const bend = ([x]: Float64Array): Promise<Evaluation> => {
    const away = x - 1000;
    const value = Math.abs(away) + Math.log1p(Math.exp(-2 * Math.abs(away)));
    return Promise.resolve({
      value,
      gradient: Float64Array.of(Math.tanh(away)),
    });
  };
  const rule = { tolerance: 1e-8, maxSteps: 100 };
  const [far] = await minimize(bend, new Float64Array(1), rule);
  assertClose([far], [1000], "far", 1e-9);
  // steep: the second step of 1 / |g| goes too far
  const { evaluate } = quadratic([1e6], Float32Array.of(0.5));
  const [near] = await minimize(evaluate, Float64Array.of(3), rule);
  assertClose([near], [0.5], "near", 1e-9);
});

Deno.test("minimize: stays where no component of the gradient exceeds the tolerance", async () => {
  const { evaluate, evaluations } = quadratic([1, 1], new Float32Array(2));
  const start = Float64Array.of(0.1, -0.2);
  const rule = { tolerance: 0.2, maxSteps: 9 };
  assertEquals(await minimize(evaluate, start, rule), start);
  assertEquals(evaluations(), 1);
  const [x] = await minimize(evaluate, start, { ...rule, tolerance: 0.19 });
  assert(Math.abs(x) < 0.1);
});

Deno.test("minimize: ends after the steps that it may take, and where rounding hides all progress", async () => {
  const curvature = [1, 1000];
  const { evaluate } = quadratic(curvature, Float32Array.of(1, 1));
  const values: number[] = [];
  for (const maxSteps of [0, 1, 2, 3]) {
    const rule = { tolerance: 1e-12, maxSteps };
    const x = await minimize(evaluate, new Float64Array(2), rule);
    values.push((await evaluate(x)).value);
  }
  assertEquals(values, values.toSorted((a, b) => b - a));
  assertEquals(new Set(values).size, 4);
  // a gradient that points nowhere down
  const misleading = async (x: Float64Array) => {
    const { value, gradient } = await evaluate(x);
    return { value, gradient: gradient.map((slope) => -slope) };
  };
  const rule = { tolerance: 0, maxSteps: 1000 };
  const start = new Float64Array(2);
  assertEquals(await minimize(misleading, start, rule), start);
});

Deno.test("minimize: comes as near as the gradient tells where values are rounded to float32", () =>
  withSeed("minimize", async () => {
    const minimum = randomArray(10);
    const curvature = Array.from({ length: 10 }, (_, i) => 1 + i);
    const { evaluate } = quadratic(curvature, minimum);
    const rounded = async (x: Float64Array) => {
      const { value, gradient } = await evaluate(x);
      return { value: Math.fround(100 + value), gradient };
    };
    const rule = { tolerance: 1e-6, maxSteps: 100 };
    const found = await minimize(rounded, new Float64Array(10), rule);
    assertClose(found, minimum, "minimum", 1e-6);
  }));
