import { assertEquals } from "@std/assert";
import { TemporaryFolder } from "../datasets/temporary_folder.ts";
import { seed } from "../random.ts";
import { allTargets } from "./all_targets.ts";
import { inputOf, tryInput } from "./try_input.ts";

/** What a target may take of the tests' time. */
const BUDGET_MS = 150;
/** Tests run side by side. */
const LIMIT_MS = 10_000;

for (const target of allTargets()) {
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
          await tryInput(target, file, folder.path, LIMIT_MS),
          undefined,
          `input ${input} of DV2_TEST_SEED=${seed}`,
        );
      }
    } finally {
      target.close?.();
    }
  });
}
