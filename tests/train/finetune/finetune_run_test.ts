import {
  assert,
  assertEquals,
  assertNotEquals,
  assertRejects,
} from "@std/assert";
import type { DatasetSplits } from "../../../datasets/dataset.ts";
import { listFolder } from "../../../datasets/files/folders.ts";
import { UserError } from "../../../engine/user_error.ts";
import { buildModel } from "../../../train/build_model.ts";
import type { FinetuneSettings } from "../../../train/finetune/finetune_config.ts";
import {
  finetuneRun,
  type FinetuneTask,
  type Finetuning,
} from "../../../train/finetune/finetune_run.ts";
import {
  listCheckpoints,
  loadCheckpoint,
  saveCheckpoint,
} from "../../../train/run/checkpoint.ts";
import { claim } from "../../../train/run/claim.ts";
import {
  captureState,
  releaseState,
} from "../../../train/run/training_state.ts";
import { devices } from "../../engine/devices.ts";
import { withSeed } from "../../random.ts";
import { makeRun } from "../export/tiny_run.ts";
import { withFolder } from "../folder.ts";
import { measurementsOf } from "../measurements.ts";
import { fullModel, IMAGE_SIZE, tinyConfig } from "../tiny_model.ts";
import { labelledImages, stripedImages } from "./labelled_images.ts";
import { testWithSeed } from "../../random.ts";

// the parts are tested on every device, and WebGPU's shaders are slow to compile in software
const [wasm] = devices;

const config = tinyConfig(fullModel);

/** Seven steps, with validations after 2, 4, 6 and 7. */
const SETTINGS: FinetuneSettings = {
  steps: 7,
  validateEvery: 2,
  metricsEvery: 1,
  batchSize: 4,
  optimizer: { learningRate: 1e-3 },
};

/** The tiny images in both parts, the test's with other classes or with one that is never trained. */
async function splitsWith(
  testLabels: "shifted" | "poisoned",
): Promise<DatasetSplits> {
  const train = await labelledImages();
  const test = await labelledImages(1);
  if (testLabels === "poisoned") test.labels?.fill(9);
  return { unlabelled: train, train, test };
}

/** Makes a run with random weights, always the same. */
function makeTinyRun(path: string): Promise<void> {
  return withSeed("tiny run", () => makeRun(path, config));
}

async function finetune(
  path: string,
  settings: FinetuneSettings = {},
  more: Partial<FinetuneTask> = {},
): Promise<Finetuning> {
  return await finetuneRun({
    path,
    settings: { ...SETTINGS, ...settings },
    device: wasm,
    splits: await splitsWith("shifted"),
    ...more,
  });
}

/** Everything that a fine-tuning wrote, by file. */
async function filesOf(folder: string): Promise<Record<string, unknown>> {
  const files: Record<string, unknown> = {};
  for (const name of await listFolder(folder)) {
    const path = `${folder}/${name}`;
    if (name === "metrics.jsonl") files[name] = await measurementsOf(path);
    else if ((await Deno.stat(path)).isFile) {
      files[name] = await Deno.readFile(path);
    } else {
      for (const [inner, bytes] of Object.entries(await filesOf(path))) {
        files[`${name}/${inner}`] = bytes;
      }
    }
  }
  return files;
}

/** A folder with a run in it. */
function withRun(test: (run: string) => Promise<void>): Promise<void> {
  return withFolder(async (folder) => {
    await makeTinyRun(`${folder}/run`);
    await test(`${folder}/run`);
  });
}

testWithSeed(
  "finetuneRun: the held-out images choose the step, whose weights classify the test images",
  () =>
    withRun(async (run) => {
      const validated: number[] = [];
      const phases: string[] = [];
      const { folder, step, result } = await finetune(run, {}, {
        onValidation: ({ step }) => validated.push(step),
        onPhase: (phase, done, total) =>
          phases.push(`${phase} ${done}/${total}`),
      });
      assertEquals([step, validated], [7, [2, 4, 6, 7]]);
      assertEquals(phases.slice(0, 4), [
        "compiling 0/7",
        "training 0/7",
        "validation 0/2",
        "training 2/7",
      ]);
      assertEquals(phases.at(-1), "test 0/24");
      assert(result);
      const { validation, heldOutAccuracy } = result;
      assertEquals(validation.map(({ step }) => step), validated);
      const best = Math.max(...validation.map(({ accuracy }) => accuracy));
      assertEquals(heldOutAccuracy, best);
      assertEquals(
        result.step,
        validation.find(({ accuracy }) => accuracy === best)?.step,
      );
      assertEquals([result.fitted, result.heldOut, result.images], [22, 2, 24]);
      assertEquals(folder, `${run}/finetune/both-step-5-seed-7`);
      assertEquals(await listFolder(folder), [
        "best",
        "checkpoints",
        "config.json",
        "lock",
        "metrics.jsonl",
        "result.json",
        "validation.jsonl",
      ]);
      const written = JSON.parse(
        await Deno.readTextFile(`${folder}/config.json`),
      );
      assertEquals([written.input, written.checkpoint], ["both", 5]);
      assertEquals(written.run.encoder, config.encoder);

      const before = await filesOf(folder);
      const again = await finetune(run, {}, {
        onPhase: () => {
          throw new Error("nothing is left to do");
        },
      });
      assertEquals(again.result, result);
      assertEquals(await filesOf(folder), before);
    }),
);

testWithSeed(
  "finetuneRun: the best weights classify the test images, not the last ones",
  () =>
    withRun(async (run) => {
      const { folder, result } = await finetune(run);
      assert(result);
      const best = `${folder}/best`;
      const { tensors } = await loadCheckpoint(best, result.step);
      for (const chosen of [0, 1]) {
        const bias = { shape: [3], data: new Float32Array(3) };
        bias.data[chosen] = 1e6;
        const changed = { ...tensors, "classifier.bias": bias };
        const { step } = result;
        await saveCheckpoint(
          best,
          { step, tensors: changed, metadata: {} },
          1,
        );
        await Deno.remove(`${folder}/result.json`);
        const splits = await splitsWith("shifted");
        splits.test?.labels?.fill(1);
        const again = await finetune(run, {}, { splits });
        assertEquals(again.result?.accuracy, chosen);
      }
    }),
);

/** When it is stopped: after steps, or within the validation after a step. */
const stops: [
  string,
  (controller: AbortController) => Partial<FinetuneTask>,
][] = [
  ["after a step", (controller) => ({
    // the numbers of steps are read when a checkpoint is due
    onStep: (step) => step >= 2 && controller.abort(new Error("enough")),
  })],
  ["in a validation", (controller) => ({
    onPhase: (phase, done) =>
      phase === "validation" && done === 0 &&
      controller.abort(new Error("enough")),
  })],
  ["before the test", (controller) => ({
    onPhase: (phase) =>
      phase === "test" && controller.abort(new Error("enough")),
  })],
];

testWithSeed(
  "finetuneRun: goes on where it was stopped as if it had not been, bit for bit",
  async (t) => {
    await withRun(async (run) => {
      const whole = await finetune(run, {}, { out: `${run}-whole` });
      assert(whole.result);
      const expected = await filesOf(whole.folder);
      for (const [when, stop] of stops) {
        await t.step(when, async () => {
          const out = `${run}-${when}`;
          const controller = new AbortController();
          const { signal } = controller;
          const first = await finetune(run, {}, {
            out,
            signal,
            ...stop(controller),
          });
          assertEquals(first.result, undefined);
          const [...saved] = await listCheckpoints(`${out}/checkpoints`);
          assertEquals(saved.at(-1), first.step);
          assert(!(await listFolder(out)).includes("result.json"));
          const second = await finetune(run, {}, { out });
          assertEquals(second.result, whole.result);
          const files = await filesOf(out);
          assertEquals(
            Object.keys(files).filter((name) => name.startsWith("best")),
            Object.keys(expected).filter((name) => name.startsWith("best")),
          );
          for (const [name, bytes] of Object.entries(expected)) {
            assertEquals(files[name], bytes, name);
          }
        });
      }
      await t.step("a killed one too, from its last checkpoint", async () => {
        const out = `${run}-killed`;
        const controller = new AbortController();
        await finetune(run, {}, {
          out,
          signal: controller.signal,
          onValidation: ({ step }) => step === 4 && controller.abort(),
        });
        // as if the program had died after the best weights of step 4 were written
        for (const end of ["json", "safetensors"]) {
          await Deno.remove(`${out}/checkpoints/step-000004.${end}`);
        }
        const { result } = await finetune(run, {}, { out });
        assertEquals(result, whole.result);
        const last = "checkpoints/step-000007.safetensors";
        assertEquals((await filesOf(out))[last], expected[last]);
      });
    });
  },
);

testWithSeed(
  "finetuneRun: other test labels change nothing but what is said of the test",
  () =>
    withRun(async (run) => {
      const told = await finetune(run, {}, { out: `${run}-told` });
      const splits = await splitsWith("poisoned");
      const poisoned = await finetune(run, {}, {
        out: `${run}-poison`,
        splits,
      });
      assert(told.result && poisoned.result);
      assertNotEquals(poisoned.result.accuracy, told.result.accuracy);
      const { accuracy, standardError, macroAccuracy, ...others } = told.result;
      assertEquals(
        { ...poisoned.result, accuracy, standardError, macroAccuracy },
        { ...others, accuracy, standardError, macroAccuracy },
      );
      const { "result.json": _, ...files } = await filesOf(told.folder);
      const { "result.json": __, ...same } = await filesOf(poisoned.folder);
      assertEquals(same, files);
    }),
);

testWithSeed(
  "finetuneRun: from scratch it does not look at the run's weights, else it does",
  () =>
    withFolder(async (folder) => {
      await withSeed("one run", () => makeRun(`${folder}/one`, config));
      await withSeed("another", () => makeRun(`${folder}/two`, config));
      const weights = async (run: string, settings: FinetuneSettings) => {
        const { folder } = await finetune(`${run}`, { ...settings, steps: 1 });
        return (await filesOf(folder))["checkpoints/step-000001.safetensors"];
      };
      for (const frozen of [true, false]) {
        const settings = { fromScratch: true, frozen };
        assertEquals(
          await weights(`${folder}/two`, settings),
          await weights(`${folder}/one`, settings),
        );
        assertNotEquals(
          await weights(`${folder}/two`, { frozen }),
          await weights(`${folder}/one`, { frozen }),
        );
      }
      await Deno.remove(`${folder}/one/checkpoints`, { recursive: true });
      const { result } = await finetune(`${folder}/one`, {
        fromScratch: true,
        seed: 1,
      });
      assert(result);
    }),
);

testWithSeed(
  "finetuneRun: from scratch, a frozen network too is the untrained one of its own seed",
  () =>
    withRun(async (run) => {
      const seed = config.seed + 1;
      const untrained = buildModel({ ...config, seed }, IMAGE_SIZE);
      const tensors = await captureState(wasm, untrained);
      releaseState(wasm, untrained);
      await saveCheckpoint(
        `${run}/checkpoints`,
        { step: 6, tensors, metadata: { config } },
        1,
      );
      // the classifier is all that is saved, and it tells networks apart
      const learned = async (settings: FinetuneSettings) => {
        const { folder } = await finetune(run, {
          input: "image",
          frozen: true,
          steps: 1,
          seed,
          ...settings,
        });
        return (await loadCheckpoint(`${folder}/checkpoints`, 1)).tensors;
      };
      assertEquals(
        await learned({ fromScratch: true }),
        await learned({ checkpoint: 6 }),
      );
    }),
);

testWithSeed(
  "finetuneRun: knows a folder from before a setting existed, which has its default",
  () =>
    withRun(async (run) => {
      const settings = { steps: 1 };
      const { folder, result } = await finetune(run, settings);
      const path = `${folder}/config.json`;
      const { labels, run: { evaluation, ...source }, ...rest } = JSON.parse(
        await Deno.readTextFile(path),
      );
      assertEquals([labels, evaluation], [1, tinyConfig().evaluation]);
      await Deno.writeTextFile(path, JSON.stringify({ ...rest, run: source }));
      assertEquals((await finetune(run, settings)).result, result);
    }),
);

testWithSeed(
  "finetuneRun: knows a folder from before its run was extended and its images were moved",
  () =>
    withRun(async (run) => {
      const path = `${run}/config.json`;
      const changeRun = async (changes: object) => {
        const config = JSON.parse(await Deno.readTextFile(path));
        await Deno.writeTextFile(
          path,
          JSON.stringify({ ...config, ...changes }),
        );
      };
      await changeRun({ data: { name: "cifar10", path: "here" } });
      const { folder, result } = await finetune(run);
      await changeRun({
        data: { name: "cifar10", path: "there" },
        steps: 400,
        metricsEvery: 3,
        checkpoints: { every: 5, keep: 2 },
        evaluation: { ...config.evaluation, batchSize: 50 },
      });
      assertEquals((await finetune(run)).result, result);
      // what was stopped goes on
      await Deno.remove(`${folder}/result.json`);
      assertEquals((await finetune(run)).result, result);
      await changeRun({ warmupSteps: 1 });
      await assertRejects(
        () => finetune(run),
        UserError,
        `${folder} was begun with other settings: run.warmupSteps is 3 there, not 1; `,
      );
    }),
);

testWithSeed(
  "finetuneRun: refuses another fine-tuning's folder, and results that were edited",
  () =>
    withRun(async (run) => {
      const settings = { steps: 1 };
      const { folder } = await finetune(run, settings);
      const before = await filesOf(folder);
      const refuse = async (settings: FinetuneSettings, out?: string) =>
        (await assertRejects(() => finetune(run, settings, { out }), UserError))
          .message;
      assertEquals(
        await refuse({ steps: 2 }),
        `${folder} was begun with other settings: steps is 1 there, not 2; choose another folder`,
      );
      assertEquals(
        await refuse({ steps: 1, input: "image" }, folder),
        `${folder} was begun with other settings: input is "both" there, not "image"; choose another folder`,
      );
      assert(
        (await refuse({ steps: 1 }, run)).startsWith(`${run} was begun with`),
      );
      assertEquals(await filesOf(folder), before);
      const path = `${folder}/result.json`;
      const text = await Deno.readTextFile(path);
      await Deno.writeTextFile(
        path,
        text.replace('"fitted": 22', '"fitted": 9'),
      );
      assertEquals(
        await refuse(settings),
        `${path} is damaged or was edited; put it back, or delete it and measure again`,
      );
      await Deno.remove(path);
      await finetune(run, settings);
      assertEquals(await filesOf(folder), before);
    }),
);

testWithSeed(
  "finetuneRun: is refused while another process trains in its folder, before it compiles",
  () =>
    withRun(async (run) => {
      const settings = { steps: 1 };
      const { folder } = await finetune(run, settings);
      await Deno.remove(`${folder}/result.json`);
      using _lock = await claim(`${folder}/lock`);
      const phases: string[] = [];
      await assertRejects(
        () => finetune(run, settings, { onPhase: (name) => phases.push(name) }),
        UserError,
        `${folder} is in use: another process trains in it; wait until it ends, or stop it`,
      );
      assertEquals(phases, []);
    }),
);

testWithSeed(
  "finetuneRun: learns from a share of the labels",
  () =>
    withRun(async (run) => {
      const train = stripedImages(60);
      const test = stripedImages(30);
      const settings: FinetuneSettings = {
        fromScratch: true,
        input: "image",
        labels: 0.5,
        steps: 40,
        validateEvery: 20,
        batchSize: 12,
        optimizer: { learningRate: 3e-3 },
      };
      const { result } = await finetune(run, settings, {
        splits: { unlabelled: train, train, test },
      });
      assertEquals([result?.fitted, result?.heldOut], [27, 3]);
      assertEquals(result?.accuracy, 1);
    }),
);
