import { assert, assertEquals, assertRejects } from "@std/assert";
import { WasmDevice } from "../../../engine/devices/wasm/device.ts";
import type { Storage } from "../../../engine/graph/tensor.ts";
import { UserError } from "../../../engine/user_error.ts";
import { buildModel } from "../../../train/build_model.ts";
import { Classifier } from "../../../train/finetune/classifier.ts";
import {
  type FinetuneConfig,
  finetuneSchema,
} from "../../../train/finetune/finetune_config.ts";
import { finetuneImages } from "../../../train/finetune/finetune_images.ts";
import {
  type FinetuneOptions,
  FinetuneTraining,
} from "../../../train/finetune/finetune_training.ts";
import { listCheckpoints } from "../../../train/run/checkpoint.ts";
import { createRunFolder } from "../../../train/run/run_folder.ts";
import { storagesOf } from "../../../train/run/training_state.ts";
import { testOnWasm } from "../../engine/devices.ts";
import { withFolder } from "../folder.ts";
import { IMAGE_SIZE, tinyConfig } from "../tiny_model.ts";
import { labelledImages } from "./labelled_images.ts";

const config: FinetuneConfig = {
  ...finetuneSchema.parse({
    frozen: true,
    fromScratch: true,
    steps: 4,
    validateEvery: 2,
    metricsEvery: 1,
    batchSize: 4,
  }),
  input: "patches",
  seed: 3,
  checkpoint: 0,
  warmupSteps: 1,
};

Deno.test("FinetuneTraining.compile: where the device cannot hold the classification, it holds nothing", async () => {
  const device = new WasmDevice(1);
  const compile = device.compile.bind(device);
  let isFirst = true;
  let destroyed = false;
  device.compile = async (plan) => {
    if (!isFirst) throw new UserError("no room");
    isFirst = false;
    const program = await compile(plan);
    return {
      ...program,
      destroy() {
        destroyed = true;
        program.destroy();
      },
    };
  };
  const released = new Set<Storage>();
  const release = device.release.bind(device);
  device.release = (storage) => {
    released.add(storage);
    release(storage);
  };
  const images = await labelledImages();
  const splits = { unlabelled: images, train: images, test: images };
  const parts = finetuneImages(splits, config, "run");
  const network = buildModel(tinyConfig({ seed: config.seed }), IMAGE_SIZE);
  const classifier = new Classifier(network, config, parts.classes);
  await assertRejects(
    () =>
      FinetuneTraining.compile({ device }, {
        config,
        classifier,
        augmentation: network.augmentation,
        images: parts,
        batchSize: 8,
      }),
    UserError,
    "no room",
  );
  assert(destroyed);
  for (const state of [classifier.learning, classifier.network]) {
    assert(storagesOf(state).every((storage) => released.has(storage)));
  }
  device.destroy();
});

testOnWasm(
  "FinetuneTraining.run: stopped in a validation it has no result, and validates first when it goes on",
  (device) =>
    withFolder(async (folder) => {
      const run = await createRunFolder("finetune", config, `${folder}/run`);
      const images = await labelledImages();
      const splits = { unlabelled: images, train: images, test: images };
      const parts = finetuneImages(splits, config, "run");
      const go = async (options: Omit<FinetuneOptions, "device">) => {
        const network = buildModel(
          tinyConfig({ seed: config.seed }),
          IMAGE_SIZE,
        );
        using training = await FinetuneTraining.compile(
          { device, ...options },
          {
            config,
            classifier: new Classifier(network, config, parts.classes),
            augmentation: network.augmentation,
            images: parts,
            batchSize: 8,
          },
        );
        return await training.run(run);
      };
      const stop = new AbortController();
      const stopped = await go({
        signal: stop.signal,
        onPhase: (phase) => phase === "validation" && stop.abort(),
      });
      assertEquals(stopped, { step: 2 });
      assertEquals(await listCheckpoints(run.checkpointsPath), [2]);
      const validated: number[] = [];
      const { step, result } = await go({
        onValidation: ({ step }) => validated.push(step),
      });
      assertEquals([step, validated], [4, [2, 4]]);
      assertEquals(result?.validation.map(({ step }) => step), [2, 4]);
    }),
);
