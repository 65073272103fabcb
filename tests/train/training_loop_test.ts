import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import type { Device } from "../../engine/devices/device.ts";
import { UserError } from "../../engine/user_error.ts";
import type { Config } from "../../train/config/config.ts";
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
  settings: Config = config,
): Promise<TrainingLoop> {
  const { built, step } = await startTiny(device, settings);
  const all = { device, run, images: tinyImages(), remedy: "rest", ...options };
  const state = { ...built, optimizer: step.optimizer };
  return new TrainingLoop(settings, all, step, state, done);
}

/** A clock in place of the real one that stands still but where it is set, until it is disposed of. */
class TestClock implements Disposable {
  /** The time in milliseconds. */
  now = 0;
  readonly #real = performance.now;

  constructor() {
    performance.now = () => this.now;
  }

  [Symbol.dispose](): void {
    performance.now = this.#real;
  }
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
  "TrainingLoop.run: where no step is left to take, gives the numbers of the last one where they are known, and calls back after a checkpoint that was due",
  async (device) => {
    using folder = new TemporaryFolder();
    const run = await createRunFolder("run", config, `${folder.path}/run`);
    const line = { step: 2, time: "2026-01-01T00:00:00.000Z", loss: 3 };
    const text = JSON.stringify({ ...line, imagesPerSecond: 4 });
    await Deno.writeTextFile(run.metricsPath, `${text}\n`);
    const checked: number[] = [];
    for (const [done, metrics] of [[3, undefined], [2, { loss: 3 }]] as const) {
      const loop = await startLoop(device, run, {
        signal: AbortSignal.abort(),
        onCheckpoint: (step) => Promise.resolve(void checked.push(step)),
      }, done);
      const result = await loop.run();
      assertEquals(result, { step: done, metrics, stoppedBy: undefined });
    }
    assertEquals(checked, [2]);
    assertEquals(await listCheckpoints(run.checkpointsPath), []);
  },
);

testOnWasm(
  "TrainingLoop.run: the images per second are of all steps since the last reading, without the time of checkpoints",
  async (device) => {
    using folder = new TemporaryFolder();
    using clock = new TestClock();
    const run = await createRunFolder("run", config, `${folder.path}/run`);
    const { signal } = new AbortController();
    Object.defineProperty(signal, "aborted", {
      get() {
        // looked at before each step
        clock.now += 100;
        return false;
      },
    });
    const loop = await startLoop(device, run, {
      signal,
      onCheckpoint: () => Promise.resolve(void (clock.now += 10_000)),
    });
    await loop.run();
    const records = await readMetrics(run.metricsPath);
    assertEquals(
      records.map(({ imagesPerSecond }) => imagesPerSecond),
      Array(3).fill(config.batchSize / 0.1),
    );
  },
);

testOnWasm(
  "TrainingLoop.run: reads the numbers of every step before those of a later one take their place",
  async (device) => {
    using folder = new TemporaryFolder();
    // no time makes it read them
    using _clock = new TestClock();
    const settings = { ...config, steps: 40, metricsEvery: 1 };
    settings.checkpoints = { every: 40, keep: 1 };
    const run = await createRunFolder("run", settings, `${folder.path}/run`);
    await (await startLoop(device, run, {}, 0, settings)).run();
    const records = await readMetrics(run.metricsPath);
    assertEquals(records.length, 40);
    assertEquals(new Set(records.map(({ loss }) => loss)).size, 40);
  },
);

testOnWasm(
  "TrainingLoop.run: names the step whose loss is not finite, of several that are read at once",
  async (device) => {
    using folder = new TemporaryFolder();
    using _clock = new TestClock();
    const settings = tinyConfig({
      warmupSteps: 0,
      optimizer: { learningRate: 1e30 },
      steps: 5,
      checkpoints: { every: 5 },
    });
    const run = await createRunFolder("run", settings, `${folder.path}/run`);
    const loop = await startLoop(device, run, {}, 0, settings);
    // the first step only makes the weights huge
    await assertRejects(() => loop.run(), UserError, "not finite at step 2;");
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
