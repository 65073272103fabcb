import { assert, assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../../engine/user_error.ts";
import { openRun } from "../../../train/run/load_run.ts";
import { imageFile } from "../../datasets/image_file.ts";
import { TemporaryFolder } from "../../datasets/temporary_folder.ts";
import { cellWith, run } from "./tiny_cell.ts";

Deno.test("runCell: with minutes instead of steps, takes what fits and keeps to it", async () => {
  using folder = new TemporaryFolder();
  const path = `${folder.path}/a`;
  // far more than fit
  const cell = cellWith({ steps: 100_000, warmupSteps: 100_000 });
  const experiment = { minutes: 0.001, probe: null, finetune: {} };
  const first = run(cell, path, { experiment });
  const { steps } = await first.result;
  assert(steps >= 1, String(steps));
  assertEquals(first.phases, [`training 0/${steps}`]);
  const { config } = await openRun(path);
  const warmupSteps = Math.floor(steps / 10);
  assertEquals(config, cellWith({ steps, warmupSteps }).config);
  const again = run(cell, path, { experiment });
  assertEquals((await again.result).steps, steps);
  assertEquals(again.phases, []);
});

Deno.test("runCell: stopped, a run with minutes keeps to its steps", async () => {
  using folder = new TemporaryFolder();
  const path = `${folder.path}/a`;
  const totals: number[] = [];
  for (let i = 0; i < 2; i++) {
    const stop = new AbortController();
    const { result } = run(cellWith({ steps: 100_000 }), path, {
      experiment: { minutes: 0.05, probe: null, finetune: {} },
      signal: stop.signal,
      pretraining: ({ steps }) => {
        totals.push(steps);
        return { onStep: () => stop.abort("stopped") };
      },
    });
    assertEquals(await result.catch((reason) => reason), "stopped");
  }
  assertEquals(totals, Array(2).fill((await openRun(path)).config.steps));
});

Deno.test("runCell: refuses other minutes than the run was begun with, as far as that is noted", async () => {
  using folder = new TemporaryFolder();
  const path = `${folder.path}/a`;
  const nothing = { probe: null, finetune: {} };
  const take = async (minutes?: number) => {
    const experiment = { minutes, ...nothing };
    return (await run(cellWith(), path, { experiment }).result).steps;
  };
  const refusal = async (minutes?: number) => {
    const { message } = await assertRejects(() => take(minutes), UserError);
    return message.replace(path, "a");
  };
  const remedy = "remove that folder or choose another --out";
  assertEquals(await take(), 4);
  assertEquals(
    await refusal(600),
    `a was begun with other settings: minutes is not set there, not 600; ${remedy}`,
  );
  Deno.removeSync(path, { recursive: true });
  const steps = await take(0.001);
  assertEquals(
    await refusal(600),
    `a was begun with other settings: minutes is 0.001 there, not 600; ${remedy}`,
  );
  assertEquals(
    await refusal(),
    `a was begun with other settings: minutes is 0.001 there, not unset; ${remedy}`,
  );
  const { message } = await assertRejects(() => {
    const experiment = { minutes: 0.001, ...nothing };
    return run(cellWith({ batchSize: 4 }), path, { experiment }).result;
  }, UserError);
  assertEquals(
    message.replace(path, "a"),
    `a was begun with other settings: batchSize is 8 there, not 4; ${remedy}`,
  );
  // earlier versions noted none
  Deno.removeSync(`${path}/budget.json`);
  assertEquals(await take(600), steps);
});

Deno.test("runCell: with minutes, fewer pictures than a batch has are enough", async () => {
  using folder = new TemporaryFolder();
  folder.write("pictures/0.png", imageFile("PNG", 32, 32, () => [0, 0, 0]));
  const cell = cellWith({
    data: { name: "folder", path: `${folder.path}/pictures`, imageSize: 32 },
  });
  const experiment = { minutes: 0.001, probe: null, finetune: {} };
  const { steps } = await run(cell, `${folder.path}/a`, {
    experiment,
    opening: { cache: `${folder.path}/cache` },
  }).result;
  assert(steps >= 1, String(steps));
});
