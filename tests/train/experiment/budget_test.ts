import { assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../../engine/user_error.ts";
import { readBudget, writeBudget } from "../../../train/experiment/budget.ts";
import { createRunFolder } from "../../../train/run/run_folder.ts";
import { TemporaryFolder } from "../../datasets/temporary_folder.ts";

Deno.test("readBudget: gives what writeBudget noted, and nothing where there is no note", async () => {
  using folder = new TemporaryFolder();
  const run = await createRunFolder("a", {}, `${folder.path}/a`);
  assertEquals(await readBudget(run), undefined);
  await writeBudget(run, { minutes: undefined });
  assertEquals(await readBudget(run), {});
  await writeBudget(run, { minutes: 0.5 });
  assertEquals(await readBudget(run), { minutes: 0.5 });
});

Deno.test("readBudget: refuses a note that is damaged, in a sentence", async () => {
  using folder = new TemporaryFolder();
  const run = await createRunFolder("a", {}, `${folder.path}/a`);
  for (const text of ["{", '{"minutes": 0}', '{"hours": 1}']) {
    folder.write("a/budget.json", text);
    await assertRejects(
      () => readBudget(run),
      UserError,
      `${run.budgetPath} is damaged or was edited; put it back, or delete it if the minutes are surely the same`,
    );
  }
});
