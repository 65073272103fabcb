/**
 * Resumes a run that an earlier version left (commit 80049b8). Its folder is committed but for the
 * numbers of the checkpoint, which would be large: in their place are numbers made up here, from
 * which that version went on to the metrics in the fixture.
 */
import { assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { openDataset } from "../../../datasets/registry.ts";
import { UserError } from "../../../engine/user_error.ts";
import { pretrain } from "../../../train/pretrain.ts";
import { saveCheckpoint } from "../../../train/run/checkpoint.ts";
import { loadRun, loadTrained, openRun } from "../../../train/run/load_run.ts";
import { createRunFolder } from "../../../train/run/run_folder.ts";
import { readMetrics } from "../../../train/run/metrics_file.ts";
import { devices } from "../../engine/devices.ts";
import { withFolder } from "../folder.ts";
import { tinyConfig } from "../tiny_model.ts";

const fixture = new URL("../../fixtures/old_run/", import.meta.url);
const [wasm] = devices;

/** A safetensors file with the committed header, and the numbers `0.02 + 0.01 sin(i)`. */
async function checkpoint(): Promise<Uint8Array> {
  const header = await Deno.readFile(new URL("header.json", fixture));
  const entries: { data_offsets: [number, number] }[] = Object.values(
    JSON.parse(new TextDecoder().decode(header)),
  );
  const end = Math.max(...entries.map(({ data_offsets: [, end] }) => end));
  const length = new BigUint64Array([BigInt(header.length)]);
  const numbers = Float32Array.from(
    { length: end / 4 },
    (_, i) => 0.02 + 0.01 * Math.sin(i),
  );
  const file = new Blob([length, header, numbers]);
  return await file.bytes();
}

/** Puts the run together, as it was after its second step. */
async function restoreOldRun(folder: string): Promise<void> {
  const stem = `${folder}/checkpoints/step-000002`;
  await Deno.mkdir(`${folder}/checkpoints`);
  await Deno.writeFile(`${stem}.safetensors`, await checkpoint());
  for (
    const [from, to] of [
      ["config.json", `${folder}/config.json`],
      ["step-000002.json", `${stem}.json`],
      ["metrics.jsonl", `${folder}/metrics.jsonl`],
    ]
  ) await Deno.copyFile(new URL(from, fixture), to);
}

Deno.test("pretrain: goes on with a run of an earlier version as that version did", () =>
  withFolder(async (folder) => {
    await restoreOldRun(folder);
    const expected = await readMetrics(`${folder}/metrics.jsonl`);
    const { run, config } = await openRun(folder);
    const splits = await openDataset(config.data);
    const options = { device: wasm, splits, run, resume: true };
    assertEquals((await pretrain(config, options)).step, 4);
    const metrics = await readMetrics(run.metricsPath);
    assertEquals(metrics.map(({ step }) => step), [1, 2, 3, 4]);
    for (const step of [2, 3]) {
      for (const name of ["loss", "maskedPatch", "image", "gradientNorm"]) {
        const value = Number(expected[step][name]);
        assertAlmostEquals(Number(metrics[step][name]), value, 1e-3 * value);
      }
    }
  }));

Deno.test("loadTrained: refuses a run of which only the beginning is saved, unless that is asked for", () =>
  withFolder(async (folder) => {
    const config = tinyConfig();
    const run = await createRunFolder("run", config, `${folder}/run`);
    const start = { step: 0, tensors: {}, metadata: { config } };
    await saveCheckpoint(run.checkpointsPath, start, 1);
    const opened = await openRun(run.path);
    await assertRejects(
      () => loadTrained(opened),
      UserError,
      `${run.path} has no checkpoint of a step yet; resume the run until it has one`,
    );
    assertEquals(await loadTrained(opened, 0), start);
  }));

Deno.test("loadTrained: takes the step that is asked for, and else the latest", () =>
  withFolder(async (folder) => {
    const config = tinyConfig();
    const run = await createRunFolder("run", config, `${folder}/run`);
    const [first, second] = [1, 2].map((step) => ({
      step,
      tensors: {},
      metadata: { config },
    }));
    await saveCheckpoint(run.checkpointsPath, first, 2);
    await saveCheckpoint(run.checkpointsPath, second, 2);
    assertEquals(await loadTrained({ run, config }, 1), first);
    assertEquals(await loadTrained({ run, config }), second);
  }));

Deno.test("loadTrained: refuses the checkpoint of another model, though of the same shape", () =>
  withFolder(async (folder) => {
    const config = tinyConfig();
    const { dropout: _, ...model } = config.model;
    const other = tinyConfig({ model: { ...model, dropout: 0.2 } });
    const run = await createRunFolder("run", config, `${folder}/run`);
    const foreign = { step: 1, tensors: {}, metadata: { config: other } };
    await saveCheckpoint(run.checkpointsPath, foreign, 1);
    await assertRejects(
      async () => await loadTrained(await openRun(run.path)),
      UserError,
      `${run.configPath} does not match the checkpoint of step 1: model.dropout is 0.1, ` +
        "but 0.2 in the checkpoint; set it back, or remove the checkpoint if it is of another run",
    );
  }));

Deno.test("openRun: refuses the folder of a fine-tuning, and names that of its run where it lies in it", () =>
  withFolder(async (folder) => {
    const config = tinyConfig();
    const run = await createRunFolder("run", config, `${folder}/run`);
    const tuning = { fromScratch: false, labels: 1, run: config };
    const inside = `${run.path}/finetune/image`;
    for (const path of [inside, `${folder}/outside`]) {
      await createRunFolder("finetune", tuning, path);
    }
    const refusals = [
      [inside, `that of its run, ${run.path}`],
      [`${inside}/`, `that of its run, ${run.path}`],
      [`${folder}/outside`, "that of its run"],
    ];
    for (const [path, advice] of refusals) {
      const error = await assertRejects(() => openRun(path), UserError);
      assertEquals(
        error.message,
        `${path} is the folder of a fine-tuning; give ${advice}`,
      );
    }
  }));

Deno.test("loadRun: loads the model of a run of an earlier version", () =>
  withFolder(async (folder) => {
    await restoreOldRun(folder);
    const { step, parameters, imageSize } = await loadRun(folder, wasm);
    assertEquals([step, imageSize], [2, 32]);
    const [name] = parameters.entries.keys();
    assertEquals(name, "encoder.stem.weight");
    const [first] = await wasm.read(parameters.storage);
    assertAlmostEquals(first, 0.02, 0.011);
  }));

Deno.test("loadRun: says how many processes took the last step", () =>
  withFolder(async (folder) => {
    await restoreOldRun(folder);
    const path = `${folder}/checkpoints/step-000002.json`;
    const { metadata, ...rest } = JSON.parse(await Deno.readTextFile(path));
    metadata.processes = 4;
    await Deno.writeTextFile(path, JSON.stringify({ ...rest, metadata }));
    assertEquals((await loadRun(folder, wasm)).processes, 4);
  }));
