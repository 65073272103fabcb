import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { UserError } from "../../../engine/user_error.ts";
import { configSchema } from "../../../train/config/config.ts";
import {
  type Checkpoint,
  saveCheckpoint,
} from "../../../train/run/checkpoint.ts";
import { MetricsFile } from "../../../train/run/metrics_file.ts";
import { checkModel, readCheckpoint } from "../../../train/run/resume.ts";
import {
  createRunFolder,
  type RunFolder,
} from "../../../train/run/run_folder.ts";
import { withFolder } from "../folder.ts";
import { tinyConfig } from "../tiny_model.ts";

const config = tinyConfig();

function checkpointWith(config: object): Checkpoint {
  const tensors = { weight: { shape: [1], data: Float32Array.of(2) } };
  return { step: 5, tensors, metadata: { config } };
}

function withRun(test: (run: RunFolder) => Promise<void>): Promise<void> {
  return withFolder(async (folder) =>
    test(await createRunFolder("run", config, `${folder}/run`))
  );
}

Deno.test("readCheckpoint: gives none of a run without steps, and refuses one that lost its checkpoints", () =>
  withRun(async (run) => {
    assertEquals(await readCheckpoint(config, run), undefined);
    {
      using file = await MetricsFile.open(run.metricsPath, 0);
      await file.append({ step: 1, loss: 2 });
    }
    await assertRejects(
      () => readCheckpoint(config, run),
      UserError,
      "has no checkpoint to resume from; start a new run",
    );
  }));

Deno.test("readCheckpoint: settings that did not exist when it was saved count as their defaults", () =>
  withRun(async (run) => {
    const { views: _, ...older } = config;
    const checkpoint = checkpointWith(older);
    await saveCheckpoint(run.checkpointsPath, checkpoint, 1);
    const defaults = {
      ...config,
      views: configSchema.shape.views.parse(undefined),
    };
    assertEquals(await readCheckpoint(defaults, run, configSchema), checkpoint);
    await assertRejects(
      () => readCheckpoint({ ...defaults, views: 7 }, run, configSchema),
      UserError,
      "does not match the checkpoint of step 5: views is 7",
    );
  }));

Deno.test("readCheckpoint: says how the number of steps may change", () =>
  withRun(async (run) => {
    await saveCheckpoint(run.checkpointsPath, checkpointWith(config), 1);
    await assertRejects(
      () => readCheckpoint({ ...config, steps: 30 }, run),
      UserError,
      "steps is 30, but 20 in the checkpoint; set it back, or use --extend 30",
    );
  }));

Deno.test("checkModel: refuses a checkpoint of another model, whatever else differs", () =>
  withRun((run) => {
    const others = tinyConfig({ batchSize: 4, seed: 1 });
    checkModel(config, checkpointWith(others), run);
    checkModel(config, { step: 5, tensors: {}, metadata: {} }, run);
    const encoder = { ...config.encoder, depth: 10 };
    const augmentation = { name: "crop", size: 16 };
    for (
      const [other, difference] of [
        [{ encoder }, "encoder.depth is 18, but 10 in the checkpoint"],
        [{ augmentation }, "augmentation"],
      ] as const
    ) {
      assertThrows(
        () => checkModel(config, checkpointWith({ ...config, ...other }), run),
        UserError,
        difference,
      );
    }
    return Promise.resolve();
  }));
