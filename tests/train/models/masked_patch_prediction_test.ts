import { assertEquals, assertNotEquals } from "@std/assert";
import { namedStates } from "../../../layers/module.ts";
import { buildModel } from "../../../train/build_model.ts";
import type { MaskedPatchPredictionOptions } from "../../../train/models/masked_patch_prediction.ts";
import { testOnDevices, testOnWasm } from "../../engine/devices.ts";
import { checkModel } from "./check.ts";
import { maskedPatchPrediction } from "./naive_masked_patch_prediction.ts";
import { exchange, SIZE, tinyModel } from "./tiny_models.ts";

const maskedPatch = { weight: 8 };
const patchVocabulary = { weight: 5 };
const image = { weight: 4 };
const imageVocabulary = { weight: 3 };

const infoNce = { form: "infoNce", temperature: 0.1 };
const withVocabulary = { form: "infoNce", negatives: "batchAndVocabulary" };

const variants = [
  { name: "the baseline", model: {}, losses: { maskedPatch } },
  { name: "the exchange", model: { exchange }, losses: { maskedPatch } },
  {
    name: "targets from before the exchange and masks that views share",
    model: { exchange, targets: { exchange: false }, masks: "perInstance" },
    losses: { maskedPatch },
  },
  {
    name: "targets of a momentum encoder",
    model: { exchange, targets: { patches: "momentum", momentum: 0.6 } },
    losses: { maskedPatch },
  },
  {
    name: "targets of a momentum encoder from before the exchange",
    model: {
      exchange,
      targets: { exchange: false, patches: "momentum", momentum: 0.6 },
    },
    losses: { maskedPatch },
  },
  {
    name: "targets without gradient, and batch normalisation in the heads",
    model: {
      doubleView: true,
      head: "batchNorm",
      targets: { patches: "stopGradient", images: "stopGradient" },
    },
    losses: { maskedPatch, image },
  },
  // one each: neither part may follow the other's setting
  {
    name: "targets without gradient of patches alone",
    model: { doubleView: true, targets: { patches: "stopGradient" } },
    losses: { maskedPatch, image },
  },
  {
    name: "targets without gradient of images alone",
    model: { doubleView: true, targets: { images: "stopGradient" } },
    losses: { maskedPatch, image },
  },
  {
    name: "the double view",
    model: { doubleView: true },
    losses: { maskedPatch, image },
  },
  {
    name: "a queue that InfoNCE takes negatives from",
    model: { vocabulary: { name: "queue", entries: 17 } },
    losses: {
      maskedPatch: { ...maskedPatch, ...withVocabulary },
      patchVocabulary,
    },
  },
  {
    name: "what double-view-quick has",
    model: { doubleView: true, head: "mlp", initialization: "fanIn" },
    losses: {
      maskedPatch: { ...maskedPatch, ...infoNce, candidates: "masked" },
      image: { ...image, ...infoNce },
    },
    everywhere: true,
  },
  {
    name: "all adaptations",
    model: {
      exchange,
      doubleView: true,
      vocabulary: { name: "dynamic", entries: 6 },
    },
    losses: {
      maskedPatch,
      image: { ...image, ...withVocabulary },
      patchVocabulary,
      imageVocabulary,
    },
    everywhere: true,
  },
];

for (const { name, model, losses, everywhere } of variants) {
  const config = tinyModel({
    name: "maskedPatchPrediction",
    masked: 2,
    projection: 5,
    ...model,
  }, losses);
  // the others have no operation that one of these has not
  (everywhere ? testOnDevices : testOnWasm)(
    `MaskedPatchPrediction: is that of sections 3.3 to 3.5 with ${name}`,
    (device) =>
      checkModel(
        device,
        config,
        (pass) =>
          maskedPatchPrediction(
            pass,
            config.model as MaskedPatchPredictionOptions,
            config.views,
          ),
      ),
  );
}

Deno.test("MaskedPatchPrediction: the vocabularies of patches and of images start apart, by the seed of the config", () => {
  const vectorsOf = (seed: number, label: string) => {
    const config = tinyModel(
      {
        name: "maskedPatchPrediction",
        masked: 2,
        doubleView: true,
        vocabulary: { name: "dynamic", entries: 6 },
      },
      {},
      { seed },
    );
    const statistics = namedStates(buildModel(config, SIZE).model);
    return statistics.get(`${label}.vectors`)!.storage.initial;
  };
  const patches = vectorsOf(1, "patchVocabulary");
  assertEquals(vectorsOf(1, "patchVocabulary"), patches);
  assertNotEquals(vectorsOf(1, "imageVocabulary"), patches);
  assertNotEquals(vectorsOf(2, "patchVocabulary"), patches);
});
