import { assertEquals } from "@std/assert";
import type { Device } from "../../../engine/devices/device.ts";
import { gradient } from "../../../engine/graph/gradient.ts";
import { RandomSource } from "../../../engine/ops/random.ts";
import { Program } from "../../../engine/program.ts";
import { input } from "../../../engine/graph/tensor.ts";
import { Context } from "../../../layers/context.ts";
import { buildModel } from "../../../train/build_model.ts";
import { totalLoss } from "../../../train/total_loss.ts";
import { randomArray } from "../../random.ts";
import { testOnWasm } from "../../engine/devices.ts";
import { outputTensors } from "./check.ts";
import { SIZE, tinyModel } from "./tiny_models.ts";

/** The outputs of the double view with vocabularies that a gradient of the losses reaches. */
async function reached(device: Device, losses: object): Promise<string[]> {
  const config = tinyModel({
    name: "maskedPatchPrediction",
    masked: 2,
    projection: 5,
    doubleView: true,
    vocabulary: { name: "dynamic", entries: 6 },
  }, losses);
  const { model, parameters } = buildModel(config, SIZE);
  const images = input("images", [config.batchSize, SIZE, SIZE, 3]);
  const context = new Context(new RandomSource(input("key", [2], "u32")));
  const outputs = model.forward(images, config.views, context);
  const { loss } = totalLoss(outputs, config.losses, config.model.name);
  const tensors = outputTensors(outputs);
  const program = await Program.compile(device, {
    outputs: gradient(loss, [...tensors.values()]),
  });
  const gradients = await program.evaluate({
    images: randomArray(images.size),
    key: Uint32Array.of(1, 2),
  });
  program.destroy();
  device.release(parameters.storage);
  return [...tensors.keys()].filter((_, i) =>
    gradients[i].some((value) => value !== 0)
  );
}

testOnWasm(
  "MaskedPatchPrediction: the gradients of L_mp and L_mi reach predictions and targets",
  async (device) => {
    assertEquals(await reached(device, { maskedPatch: { weight: 1 } }), [
      "maskedPatch.predictions",
      "maskedPatch.targets",
    ]);
    assertEquals(await reached(device, { image: { weight: 1 } }), [
      "image.predictions",
      "image.targets",
      // the same tensors under another name
      "imageVocabulary.predictions",
      "imageVocabulary.targets",
    ]);
  },
);

testOnWasm(
  "MaskedPatchPrediction: the gradients of L_vp and L_vi reach predictions, but neither targets nor entries",
  async (device) => {
    const patches = await reached(device, { patchVocabulary: { weight: 1 } });
    assertEquals(patches, [
      "maskedPatch.predictions",
      "patchVocabulary.predictions",
    ]);
    const images = await reached(device, { imageVocabulary: { weight: 1 } });
    assertEquals(images, [
      "image.predictions",
      "imageVocabulary.predictions",
    ]);
  },
);
