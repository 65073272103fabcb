import { assert, assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../../engine/user_error.ts";
import { encoderOfRun } from "../../../train/export/export_encoder.ts";
import { createRunFolder } from "../../../train/run/run_folder.ts";
import { TemporaryFolder } from "../../datasets/temporary_folder.ts";
import { buildModel } from "../../../train/build_model.ts";
import { modelTensors } from "../../../train/export/model_tensors.ts";
import { IMAGE_SIZE, makeRun, tinyFullConfig } from "./tiny_run.ts";
import { testWithSeed } from "../../random.ts";

async function refusalOf(path: string): Promise<string> {
  return (await assertRejects(() => encoderOfRun(path), UserError)).message;
}

Deno.test("encoderOfRun: refuses a run without a checkpoint, and what is no run", async () => {
  using folder = new TemporaryFolder();
  const run = `${folder.path}/run`;
  await createRunFolder("tiny", tinyFullConfig, run);
  assertEquals(
    await refusalOf(run),
    `${run} has no checkpoint of a step yet; resume the run until it has one`,
  );
  assertEquals(
    await refusalOf(folder.path),
    `${folder.path} is not the folder of a run: it has no config.json`,
  );
});

testWithSeed(
  "encoderOfRun: leaves out a momentum encoder, which serves the loss alone",
  async () => {
    using folder = new TemporaryFolder();
    const { model } = tinyFullConfig;
    assert(model.name === "maskedPatchPrediction");
    const targets = { ...model.targets, patches: "momentum" as const };
    const config = { ...tinyFullConfig, model: { ...model, targets } };
    await makeRun(`${folder.path}/run`, config);
    const { tensors, description } = await encoderOfRun(`${folder.path}/run`);
    const names = Object.keys(tensors);
    assertEquals(names.filter((name) => name.startsWith("momentum")), []);
    // and is not asked for when the file is read
    const built = buildModel({ ...description, seed: 1 }, IMAGE_SIZE);
    assertEquals(Object.keys(modelTensors(built, tensors, "it")), names);
  },
);

testWithSeed(
  "encoderOfRun: refuses a checkpoint of another architecture",
  async () => {
    using folder = new TemporaryFolder();
    const run = `${folder.path}/run`;
    await makeRun(run);
    const encoder = { ...tinyFullConfig.encoder, stem: "imagenet" };
    const config = { ...tinyFullConfig, encoder };
    await Deno.writeTextFile(`${run}/config.json`, JSON.stringify(config));
    assertEquals(
      await refusalOf(run),
      `${run}/config.json does not match the checkpoint of step 5: encoder.stem is "imagenet", ` +
        'but "small" in the checkpoint; set it back, or remove the checkpoint if it is of another run',
    );
  },
);
