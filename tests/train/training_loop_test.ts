import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import type { Device } from "../../engine/devices/device.ts";
import { UserError } from "../../engine/user_error.ts";
import { listCheckpoints } from "../../train/run/checkpoint.ts";
import { readMetrics } from "../../train/run/metrics_file.ts";
import { createRunFolder, type RunFolder } from "../../train/run/run_folder.ts";
import { type LoopOptions, TrainingLoop } from "../../train/training_loop.ts";
import { TemporaryFolder } from "../datasets/temporary_folder.ts";
import { testOnWasm } from "../engine/devices.ts";
import { startTiny, tinyConfig, tinyImages } from "./tiny_model.ts";

const config = tinyConfig({
  steps: 5,
  warmupSteps: 1,
  metricsEvery: 2,
  checkpoints: { every: 2, keep: 9 },
});

/** A loop of the tiny model, of which `done` steps are done. */
async function startLoop(
  device: Device,
  run: RunFolder,
  options: Partial<LoopOptions>,
  done = 0,
): Promise<TrainingLoop> {
  const { built, step } = await startTiny(device, config);
  const all = { device, run, images: tinyImages(), remedy: "rest", ...options };
  const state = { ...built, optimizer: step.optimizer };
  return new TrainingLoop(config, all, step, state, done);
}

testOnWasm(
  "TrainingLoop.run: saves and measures as often as the config says, and after the last step",
  async (device) => {
    using folder = new TemporaryFolder();
    const run = await createRunFolder("run", config, `${folder.path}/run`);
    const checked: number[] = [];
    const loop = await startLoop(device, run, {
      onCheckpoint: (step) => Promise.resolve(void checked.push(step)),
    });
    const started = Date.now();
    const { step, metrics, stoppedBy } = await loop.run();
    const ended = Date.now();
    assertEquals([step, stoppedBy], [5, undefined]);
    assertEquals(checked, [2, 4, 5]);
    assertEquals(await listCheckpoints(run.checkpointsPath), [2, 4, 5]);
    const records = await readMetrics(run.metricsPath);
    assertEquals(records.map(({ step }) => step), [2, 4, 5]);
    assertEquals(records.at(-1)!.loss, metrics!.loss);
    for (const { time, imagesPerSecond } of records) {
      assertMatch(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      const at = Date.parse(String(time));
      assert(started <= at && at <= ended);
      // no step can have taken longer than all of them
      const slowest = 1000 * config.batchSize / (ended - started + 1);
      assert(Number(imagesPerSecond) >= slowest, `${imagesPerSecond}`);
    }
  },
);

testOnWasm(
  "TrainingLoop.run: a signal ends it after the step under way, with a checkpoint",
  async (device) => {
    using folder = new TemporaryFolder();
    const run = await createRunFolder("run", config, `${folder.path}/run`);
    const stop = new AbortController();
    const loop = await startLoop(device, run, {
      signal: stop.signal,
      onCheckpoint: () => Promise.resolve(stop.abort()),
    });
    assertEquals((await loop.run()).step, 2);
    const rest = await startLoop(device, run, {}, 2);
    assertEquals((await rest.run()).step, 5);
    const records = await readMetrics(run.metricsPath);
    assertEquals(records.map(({ step }) => step), [2, 4, 5]);
  },
);

testOnWasm(
  "TrainingLoop.run: what a caller of a checkpoint throws ends it, after the checkpoint",
  async (device) => {
    using folder = new TemporaryFolder();
    const run = await createRunFolder("run", config, `${folder.path}/run`);
    const loop = await startLoop(device, run, {
      onCheckpoint: () => Promise.reject(new UserError("enough")),
    });
    await assertRejects(() => loop.run(), UserError, "enough");
    assert((await listCheckpoints(run.checkpointsPath)).includes(2));
  },
);
