import { assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../../engine/user_error.ts";
import { completeConfig, configSchema } from "../../../train/config/config.ts";

const settings = {
  data: { name: "synthetic" },
  augmentation: { name: "translate" },
  steps: 10,
} as const;

Deno.test("completeConfig: refuses a warm-up longer than the run, which an earlier run may have", () => {
  const long = { ...settings, warmupSteps: 11 };
  assertThrows(
    () => completeConfig(long),
    UserError,
    "warmupSteps: the learning rate cannot rise over 11 steps in a run of 10; " +
      "set warmupSteps to 10 at most, to 1 for instance",
  );
  assertEquals(configSchema.parse(long).warmupSteps, 11);
  assertEquals(
    completeConfig({ ...settings, warmupSteps: 10 }).warmupSteps,
    10,
  );
});
