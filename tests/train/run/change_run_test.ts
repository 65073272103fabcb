import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { UserError } from "../../../engine/user_error.ts";
import {
  changedConfig,
  changeRun,
  type RunChanges,
} from "../../../train/run/change_run.ts";
import {
  loadLatestCheckpoint,
  saveCheckpoint,
} from "../../../train/run/checkpoint.ts";
import { type OpenedRun, openRun } from "../../../train/run/load_run.ts";
import { readCheckpoint } from "../../../train/run/resume.ts";
import { createRunFolder } from "../../../train/run/run_folder.ts";
import { TemporaryFolder } from "../../datasets/temporary_folder.ts";
import { tinyConfig } from "../tiny_model.ts";

const config = tinyConfig({ data: { name: "cifar10", path: "here" } });

/** A run of 20 steps of which 5 are done. */
async function makeRun({ path }: TemporaryFolder): Promise<OpenedRun> {
  const run = await createRunFolder("run", config, `${path}/run`);
  const tensors = { weight: { shape: [1], data: new Float32Array(1) } };
  for (const step of [4, 5]) {
    const checkpoint = { step, tensors, metadata: { config } };
    await saveCheckpoint(run.checkpointsPath, checkpoint, 2);
  }
  return await openRun(run.path);
}

async function change(opened: OpenedRun, changes: RunChanges): Promise<void> {
  const changed = await changedConfig(opened, changes);
  await changeRun(opened.run, changed, changes);
}

Deno.test("changeRun: what may change is in the config from then on", async () => {
  using folder = new TemporaryFolder();
  const opened = await makeRun(folder);
  await change(opened, { set: ["data.path=there", "checkpoints.every=7"] });
  const { run, config: changed } = await openRun(opened.run.path);
  assertEquals(changed, {
    ...config,
    data: { name: "cifar10", path: "there" },
    checkpoints: { ...config.checkpoints, every: 7 },
  });
  assertEquals((await readCheckpoint(changed, run))?.step, 5);
});

Deno.test("changeRun: an extended run has more steps, in its checkpoints too", async () => {
  using folder = new TemporaryFolder();
  const opened = await makeRun(folder);
  const before = await loadLatestCheckpoint(opened.run.checkpointsPath);
  await change(opened, { extend: 30 });
  const { run, config: changed } = await openRun(opened.run.path);
  assertEquals(changed, { ...config, steps: 30 });
  assertEquals(await readCheckpoint(changed, run), {
    ...before!,
    metadata: { config: changed },
  });
  // as if the latest one were damaged
  await Deno.remove(`${run.checkpointsPath}/step-000005.json`);
  assertEquals((await readCheckpoint(changed, run))?.step, 4);
});

Deno.test("changedConfig: a run may end with the steps that it has done", async () => {
  using folder = new TemporaryFolder();
  const opened = await makeRun(folder);
  assertEquals((await changedConfig(opened, { extend: 5 })).steps, 5);
});

Deno.test("changeRun: an extension that was cut off is named, and done when asked for again", async () => {
  using folder = new TemporaryFolder();
  const { run } = await makeRun(folder);
  const extended = { ...config, steps: 30 };
  await Deno.writeTextFile(run.configPath, JSON.stringify(extended));
  await assertRejects(
    () => readCheckpoint(extended, run),
    UserError,
    "steps is 30, but 20 in the checkpoint; set it back, or use --extend 30",
  );
  await change(await openRun(run.path), { extend: 30 });
  assertEquals((await readCheckpoint(extended, run))?.step, 5);
});

Deno.test("changeRun: without changes leaves the run as it is", async () => {
  using folder = new TemporaryFolder();
  const { run } = await makeRun(folder);
  await Deno.writeTextFile(run.configPath, JSON.stringify(config));
  await change(await openRun(run.path), { set: [] });
  assertEquals(
    await Deno.readTextFile(run.configPath),
    JSON.stringify(config),
  );
});

Deno.test("changedConfig: refuses a run that cannot be resumed, before it is changed", async () => {
  using folder = new TemporaryFolder();
  const opened = await makeRun(folder);
  const { run } = opened;
  const other = { ...opened, config: { ...config, seed: 8 } };
  await Deno.writeTextFile(run.configPath, JSON.stringify(other.config));
  const refusal = async (opened: OpenedRun) =>
    (await assertRejects(
      () => changedConfig(opened, { extend: 30 }),
      UserError,
    ))
      .message;
  assertEquals(
    await refusal(other),
    `${run.configPath} does not match the checkpoint of step 5: seed is 8, but 7 in the checkpoint; ` +
      "set it back, or remove the checkpoint if it is of another run",
  );
  await Deno.writeTextFile(run.configPath, JSON.stringify(config));
  await Deno.truncate(`${run.checkpointsPath}/step-000005.safetensors`, 100);
  assertMatch(await refusal(opened), /is cut short: .* go on from step 4/);
});

/** The changes, and what is said of them. */
const refused: [RunChanges, string][] = [
  [
    { set: ["encoder.width=2"] },
    "encoder.width may not change when a run is resumed: it is 0.0625 in RUN, not 2; leave it out, or start a new run",
  ],
  [
    { set: ["initialWeights=w.safetensors"] },
    'initialWeights may not change when a run is resumed: it is not set in RUN, not "w.safetensors"; leave it out, or start a new run',
  ],
  [
    { set: ["steps=30"], extend: 30 },
    "steps is 20 in RUN; to go on to 30 steps in total, use --extend 30",
  ],
  [
    { extend: 4 },
    "RUN has done 5 steps already; --extend takes the number of steps in total, not 4",
  ],
  [{ set: ["data.paht=x"] }, "data.paht is not a setting"],
];

for (const [changes, message] of refused) {
  Deno.test(`changedConfig: refuses ${JSON.stringify(changes)}`, async () => {
    using folder = new TemporaryFolder();
    const opened = await makeRun(folder);
    const error = await assertRejects(
      () => changedConfig(opened, changes),
      UserError,
    );
    const said = error.message.replaceAll(opened.run.path, "RUN");
    assertEquals(said.slice(0, message.length), message);
  });
}
