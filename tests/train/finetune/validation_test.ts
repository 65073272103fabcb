import { assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../../engine/user_error.ts";
import { Validation } from "../../../train/finetune/validation.ts";
import { createRunFolder } from "../../../train/run/run_folder.ts";
import { withFolder } from "../folder.ts";

function weights(value: number) {
  return () =>
    Promise.resolve({ w: { shape: [1], data: Float32Array.of(value) } });
}

Deno.test("Validation: the first of the best keeps its weights, whatever comes after", () =>
  withFolder(async (folder) => {
    const run = await createRunFolder("run", {}, `${folder}/run`);
    const accuracies = [0.2, 0.5, 0.5, 0.4];
    {
      using validation = await Validation.open(run, 0);
      assertEquals(validation.best, undefined);
      for (const [i, accuracy] of accuracies.entries()) {
        await validation.add({ step: 10 * (i + 1), accuracy }, weights(i));
      }
      assertEquals(validation.best, { step: 20, accuracy: 0.5 });
    }
    using again = await Validation.open(run, 40);
    assertEquals(
      again.records,
      accuracies.map((accuracy, i) => ({ step: 10 * (i + 1), accuracy })),
    );
    const { record, tensors } = await again.loadBest();
    assertEquals(record, { step: 20, accuracy: 0.5 });
    assertEquals([...tensors.w.data], [1]);
  }));

Deno.test("Validation: opened after an earlier step, what came later is forgotten and the best is there still", () =>
  withFolder(async (folder) => {
    const run = await createRunFolder("run", {}, `${folder}/run`);
    {
      using validation = await Validation.open(run, 0);
      for (const [step, accuracy] of [[1, 0.1], [2, 0.3], [3, 0.6]]) {
        await validation.add({ step, accuracy }, weights(step));
      }
    }
    using validation = await Validation.open(run, 2);
    assertEquals(validation.records.map(({ step }) => step), [1, 2]);
    const { record, tensors } = await validation.loadBest();
    assertEquals([record.step, ...tensors.w.data], [2, 2]);
    await validation.add({ step: 3, accuracy: 0.2 }, weights(30));
    assertEquals((await validation.loadBest()).record.step, 2);
  }));

Deno.test("Validation: refuses a record that was edited", () =>
  withFolder(async (folder) => {
    const run = await createRunFolder("run", {}, `${folder}/run`);
    const path = `${run.path}/validation.jsonl`;
    await Deno.writeTextFile(path, '{"step":1,"accuracy":2}\n');
    const error = await assertRejects(
      () => Validation.open(run, 1),
      UserError,
    );
    assertEquals(
      error.message,
      `${path} is damaged or was edited; begin anew in another folder`,
    );
  }));
