import { assert, assertAlmostEquals } from "@std/assert";
import { learningRateAt } from "../../train/learning_rate.ts";

Deno.test("learningRateAt: rises to its peak and falls to almost nothing", () => {
  const schedule = { learningRate: 3e-4, warmupSteps: 5, steps: 50 };
  const rates = Array.from(
    { length: 50 },
    (_, step) => learningRateAt(step, schedule),
  );
  assertAlmostEquals(rates[0], 3e-4 / 5, 1e-12);
  assertAlmostEquals(rates[4], 3e-4, 1e-12);
  assert(rates.slice(5).every((rate, i) => rate <= rates[i + 4]));
  assert(rates[49] > 0 && rates[49] < 1e-6);
});
