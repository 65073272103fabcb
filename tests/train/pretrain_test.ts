import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { MemoryImages } from "../../datasets/memory_images.ts";
import { wholeOf } from "../../engine/compile/memory.ts";
import type { Device } from "../../engine/devices/device.ts";
import { WasmDevice } from "../../engine/devices/wasm/device.ts";
import type { Storage } from "../../engine/graph/tensor.ts";
import { UserError } from "../../engine/user_error.ts";
import {
  changeMetadata,
  listCheckpoints,
  loadCheckpoint,
} from "../../train/run/checkpoint.ts";
import type { Config } from "../../train/config/config.ts";
import { buildModel } from "../../train/build_model.ts";
import {
  probeEncoder,
  type ProbeEvents,
  probeImages,
} from "../../train/evaluate/probe.ts";
import { learningRateAt } from "../../train/learning_rate.ts";
import { changedConfig, changeRun } from "../../train/run/change_run.ts";
import { identifyData } from "../../train/run/data_identity.ts";
import { loadTrained } from "../../train/run/load_run.ts";
import { encoderOfRun } from "../../train/export/export_encoder.ts";
import { toTimm } from "../../train/export/timm.ts";
import { encodeSafetensors } from "../../train/run/safetensors_bytes.ts";
import { pretrain, type PretrainResult } from "../../train/pretrain.ts";
import {
  createRunFolder,
  openRunFolder,
  type RunFolder,
} from "../../train/run/run_folder.ts";
import { warningsOf } from "../datasets/warnings.ts";
import { devices, testOnDevices } from "../engine/devices.ts";
import { timmCases } from "./export/timm_fixture.ts";
import { labelledImages } from "./finetune/labelled_images.ts";
import { withFolder } from "./folder.ts";
import { measurementsOf } from "./measurements.ts";
import { readEvents } from "./run/tensorboard/read_events.ts";
import { fullModel, IMAGE_SIZE, tinyConfig, tinyImages } from "./tiny_model.ts";

const [wasm] = devices;

/** A signal that is set after a number of steps. */
function afterSteps(steps: number): AbortSignal {
  let checks = 0;
  // looked at before each step
  const isSet = () => checks++ >= steps;
  return Object.defineProperty(new AbortController().signal, "aborted", {
    get: isSet,
  });
}

interface Options {
  readonly device: Device;
  readonly config: Config;
  readonly run: RunFolder;
  readonly resume?: boolean;
  readonly tensorBoard?: boolean;
  readonly signal?: AbortSignal;
}

function start(options: Options): Promise<PretrainResult> {
  return pretrain(options.config, {
    ...options,
    splits: { unlabelled: tinyImages() },
  });
}

/** Bytes of the checkpoint of a step. */
async function bytesOf(run: RunFolder, step: number): Promise<Uint8Array[]> {
  const path = `${run.checkpointsPath}/step-00000${step}`;
  return [
    await Deno.readFile(`${path}.safetensors`),
    await Deno.readFile(`${path}.json`),
  ];
}

async function metricsLines(run: RunFolder): Promise<string[]> {
  return (await Deno.readTextFile(run.metricsPath)).trimEnd().split("\n");
}

for (const saved of [true, false]) {
  const end = saved ? "stopped" : "killed";
  Deno.test(`pretrain: a run that was ${end} and resumed ends as one that was not, bit for bit`, () =>
    withFolder(async (folder) => {
      const config = tinyConfig({
        ...fullModel,
        steps: 8,
        checkpoints: { every: 3, keep: 9 },
      });
      const whole = await createRunFolder("whole", config, `${folder}/whole`);
      const result = await start({ device: wasm, config, run: whole });
      assertEquals([result.step, result.finished], [8, true]);

      const parts = await createRunFolder("parts", config, `${folder}/parts`);
      const first = await start({
        device: wasm,
        config,
        run: parts,
        signal: afterSteps(4),
      });
      assertEquals([first.step, first.finished], [4, false]);
      assertEquals(await listCheckpoints(parts.checkpointsPath), [0, 3, 4]);
      assertEquals((await metricsLines(parts)).length, 4);
      if (!saved) {
        // as if the program had died after step 4, and the last line had not been written out
        const path = `${parts.checkpointsPath}/step-000004`;
        await Deno.remove(`${path}.json`);
        await Deno.remove(`${path}.safetensors`);
        const { size } = await Deno.stat(parts.metricsPath);
        await Deno.truncate(parts.metricsPath, size - 10);
      }
      const { run } = await openRunFolder(parts.path);
      const second = await start({ device: wasm, config, run, resume: true });
      assertEquals(second, result);
      assertEquals(await bytesOf(parts, 8), await bytesOf(whole, 8));
      const measured = await measurementsOf(parts.metricsPath);
      assertEquals(measured, await measurementsOf(whole.metricsPath));
      assertEquals(
        measured.map(({ step }) => step),
        [1, 2, 3, 4, 5, 6, 7, 8],
      );
    }));
}

testOnDevices(
  "pretrain: a loss that is not finite ends the run, with the step and the operation named",
  (device) =>
    withFolder(async (folder) => {
      const config = tinyConfig({
        warmupSteps: 0,
        optimizer: { learningRate: 1e30 },
        checkpoints: { every: 1 },
      });
      const run = await createRunFolder("run", config, `${folder}/run`);
      const error = await assertRejects(
        () => start({ device, config, run }),
        UserError,
      );
      // the first step only makes the weights huge
      assertMatch(
        error.message,
        /not finite at step 2; the first .* came from \w+ \[\d+.*\];/,
      );
      assertMatch(
        error.message,
        /last checkpoint, of step 1, is in .*checkpoints/,
      );
      assertEquals(await listCheckpoints(run.checkpointsPath), [0, 1]);
      const { tensors } = await loadCheckpoint(run.checkpointsPath, 1);
      assert(tensors["encoder.stem.weight"].data.every(Number.isFinite));
      assertEquals((await metricsLines(run)).length, 1);
    }),
);

Deno.test("pretrain: a run that was killed before its first step can be resumed, before its first checkpoint too", () =>
  withFolder(async (folder) => {
    const config = tinyConfig({ steps: 2, checkpoints: { every: 9 } });
    const whole = await createRunFolder("whole", config, `${folder}/whole`);
    await start({ device: wasm, config, run: whole });
    const run = await createRunFolder("run", config, `${folder}/run`);
    const stopped = await start({
      device: wasm,
      config,
      run,
      signal: AbortSignal.abort(),
    });
    assertEquals(stopped.step, 0);
    assertEquals(await listCheckpoints(run.checkpointsPath), [0]);
    const bare = await createRunFolder("bare", config, `${folder}/bare`);
    for (const early of [run, bare]) {
      await start({ device: wasm, config, run: early, resume: true });
      assertEquals(await bytesOf(early, 2), await bytesOf(whole, 2));
      assertEquals(await listCheckpoints(early.checkpointsPath), [0, 2]);
    }
  }));

Deno.test("pretrain: an extended run takes the learning rates of one of its new number of steps", () =>
  withFolder(async (folder) => {
    const config = tinyConfig({ steps: 4, warmupSteps: 1 });
    const run = await createRunFolder("run", config, `${folder}/run`);
    await start({ device: wasm, config, run });
    const changes = { extend: 8 };
    const extended = await changedConfig({ run, config }, changes);
    await changeRun(run, extended, changes);
    // stopped once more: what it goes on to is kept
    const options = { device: wasm, config: extended, run, resume: true };
    await start({ ...options, signal: afterSteps(1) });
    const { step, finished } = await start(options);
    assertEquals([step, finished], [8, true]);
    const rates = (await metricsLines(run)).map((line) =>
      JSON.parse(line).learningRate
    );
    const { optimizer: { learningRate }, warmupSteps } = config;
    const expected = Array.from(
      { length: 8 },
      (_, i) =>
        learningRateAt(i, { learningRate, warmupSteps, steps: i < 4 ? 4 : 8 }),
    );
    assertEquals(rates, expected);
    // it rises where the run was extended
    assert(rates[4] > 2 * rates[3]);
  }));

Deno.test("pretrain: a run does not go on from the checkpoint of one on other images", () =>
  withFolder(async (folder) => {
    const config = tinyConfig({ steps: 1 });
    const started = async (name: string, content: string) => {
      const path = `${folder}/${name}-images`;
      await Deno.mkdir(path);
      await Deno.writeTextFile(`${path}/1.png`, content);
      const run = await createRunFolder(name, config, `${folder}/${name}`);
      await identifyData(run, { name: "folder", path, imageSize: 16 });
      await start({ device: wasm, config, run });
      return run;
    };
    const [run, other] = [
      await started("run", "first"),
      await started("other", "other"),
    ];
    for (const end of ["json", "safetensors"]) {
      const file = `step-000001.${end}`;
      await Deno.copyFile(
        `${other.checkpointsPath}/${file}`,
        `${run.checkpointsPath}/${file}`,
      );
    }
    const refusal =
      `${run.dataPath} does not match the checkpoint of step 1, which was made from other images`;
    await assertRejects(
      () => start({ device: wasm, config, run, resume: true }),
      UserError,
      refusal,
    );
    await assertRejects(
      () => loadTrained({ run, config }),
      UserError,
      refusal,
    );
  }));

Deno.test("pretrain: a run does not go on with another config, nor where its checkpoints are lost", () =>
  withFolder(async (folder) => {
    const config = tinyConfig({ steps: 2, checkpoints: { every: 1 } });
    const run = await createRunFolder("run", config, `${folder}/run`);
    const line = '{"step":1,"loss":1}\n';
    await Deno.writeTextFile(run.metricsPath, line);
    await assertRejects(
      () => start({ device: wasm, config, run, resume: true }),
      UserError,
      "no checkpoint",
    );
    assertEquals(await Deno.readTextFile(run.metricsPath), line);
    await start({ device: wasm, config, run });
    const before = await bytesOf(run, 2);
    const changed = tinyConfig({
      steps: 2,
      checkpoints: { every: 1 },
      seed: 8,
    });
    await assertRejects(
      () => start({ device: wasm, config: changed, run, resume: true }),
      UserError,
      "seed is 8",
    );
    assertEquals(await bytesOf(run, 2), before);
  }));

Deno.test("pretrain: TensorBoard gets what is measured, and after a stop what was measured before", () =>
  withFolder(async (folder) => {
    const config = tinyConfig({ steps: 4, metricsEvery: 1 });
    const run = await createRunFolder("run", config, `${folder}/run`);
    const options = { device: wasm, config, run, tensorBoard: true };
    await start({ ...options, tensorBoard: false, signal: afterSteps(2) });
    await start({ ...options, resume: true });
    const events = readEvents(run.path);
    const lines = (await metricsLines(run)).map((line) => JSON.parse(line));
    assertEquals(events.map(([step]) => step), [1, 2, 3, 4]);
    for (const [i, [step, values]] of events.entries()) {
      const { step: recorded, time: _, ...metrics } = lines[i];
      assertEquals(step, recorded);
      assertEquals(
        values,
        Object.fromEntries(
          Object.entries<number>(metrics).map((
            [name, value],
          ) => [name.replace(".", "/"), Math.fround(value)]),
        ),
      );
    }
  }));

Deno.test("pretrain: measures the encoder as the seed initialises it too, and leaves neither model on the device, and no program", () =>
  withFolder(async (folder) => {
    const device = new WasmDevice(1);
    const used = new Set<Storage>();
    let programs = 0;
    const { compile, release } = device;
    device.compile = async (plan) => {
      for (const { inputs, output } of plan.dispatches) {
        for (const part of [...inputs, output]) {
          const { state } = wholeOf(part).buffer;
          if (state) used.add(state.storage);
        }
      }
      const program = await compile.call(device, plan);
      programs++;
      const destroy = () => {
        programs--;
        program.destroy();
      };
      return { ...program, destroy };
    };
    device.release = (storage) => {
      used.delete(storage);
      release.call(device, storage);
    };
    const config = tinyConfig({ steps: 2 });
    const run = await createRunFolder("run", config, `${folder}/run`);
    const images = await labelledImages();
    const splits = { unlabelled: images, train: images, test: images };
    const result = await pretrain(config, { device, splits, run });
    assert(result.trained);
    assertEquals([...used].map(({ name }) => name), []);
    assertEquals(programs, 0);

    const layers = await probeEncoder(
      device,
      buildModel(config, IMAGE_SIZE),
      probeImages(splits, { train: 500, test: 500 })!,
      config,
      { encoder: "untrained" },
    );
    assertEquals(result.untrained, layers);
    device.destroy();
  }));

Deno.test("pretrain: measures with as many images as evaluation.bank and queries say, and with 500 at most", () =>
  withFolder(async (folder) => {
    const images = new MemoryImages(
      new Uint8Array(600 * 3 * IMAGE_SIZE * IMAGE_SIZE),
      IMAGE_SIZE,
      Uint32Array.from({ length: 600 }, (_, i) => i % 2),
      ["a", "b"],
    );
    const splits = { unlabelled: tinyImages(), train: images, test: images };
    for (
      const [i, { bank, queries, measured }] of [
        { bank: 30, queries: 1000, measured: 530 },
        { bank: 1000, queries: 20, measured: 520 },
      ].entries()
    ) {
      const config = tinyConfig({ steps: 1, evaluation: { bank, queries } });
      const run = await createRunFolder("run", config, `${folder}/run${i}`);
      const totals = new Set<number>();
      const probing: ProbeEvents = {
        onPhase: ({ unit, total }) => unit === "images" && totals.add(total),
      };
      await pretrain(config, { device: wasm, splits, run, probing });
      assertEquals([...totals], [measured]);
    }
  }));

Deno.test("pretrain: warns where several processes have begun the run", () =>
  withFolder(async (folder) => {
    const config = tinyConfig({ steps: 1 });
    const run = await createRunFolder("run", config, `${folder}/run`);
    await start({ device: wasm, config, run });
    await changeMetadata(run.checkpointsPath, (metadata) => {
      assertEquals(metadata.processes, 1);
      return { ...metadata, processes: 8 };
    });
    const { lines } = await warningsOf(() =>
      start({ device: wasm, config, run, resume: true })
    );
    assertEquals(lines.length, 1);
    assertMatch(lines[0], /^processes: 1 in place of 8/);
  }));

Deno.test("pretrain: starts from the weights of a file in timm's names, once", () =>
  withFolder(async (folder) => {
    const timm = timmCases.find(({ name }) => name === "basic")!;
    const path = `${folder}/weights.safetensors`;
    const { tensors } = timm;
    await Deno.writeFile(path, encodeSafetensors({ metadata: {}, tensors }));
    const config = tinyConfig({
      ...timm.config,
      initialWeights: path,
      optimizer: { learningRate: 1e-9 },
      steps: 2,
      checkpoints: { every: 1 },
    });
    const run = await createRunFolder("run", config, `${folder}/run`);
    await start({ device: wasm, config, run, signal: afterSteps(1) });
    const near = toTimm(await encoderOfRun(run.path));
    for (const [name, { data }] of Object.entries(tensors)) {
      if (!/conv|norm.*weight/.test(name)) continue;
      const error = Math.max(
        ...near[name].data.map((value, i) => Math.abs(value - data[i])),
      );
      assert(error < 1e-6, `${name}: ${error}`);
    }
    // it goes on from its checkpoint
    await Deno.remove(path);
    const { step } = await start({ device: wasm, config, run, resume: true });
    assertEquals(step, 2);
  }));
