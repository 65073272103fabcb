import { assertEquals } from "@std/assert";
import { TemporaryFolder } from "../datasets/temporary_folder.ts";
import { seed } from "../random.ts";
import { dataTargets } from "./data_targets.ts";
import { trainTargets } from "./train_targets.ts";
import { inputOf, tryInput } from "./try_input.ts";

/** What a target may take of the tests' time. */
const BUDGET_MS = 150;
// tests run side by side
const LIMITS = { milliseconds: 10_000, memory: Infinity };

for (const target of [...dataTargets(), ...trainTargets()]) {
  Deno.test(`fuzz: ${target.name} takes files that are right, and broken ones with a sentence`, async () => {
    using folder = new TemporaryFolder();
    try {
      for (const file of target.files) {
        using folder = new TemporaryFolder();
        await target.read(file, folder.path);
      }
      const end = performance.now() + BUDGET_MS;
      for (let input = 0; performance.now() < end; input++) {
        const file = inputOf(target, seed, input);
        assertEquals(
          await tryInput(target, file, folder.path, LIMITS),
          undefined,
          `input ${input} of DV2_TEST_SEED=${seed}`,
        );
      }
    } finally {
      target.close?.();
    }
  });
}
