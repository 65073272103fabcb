import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertThrows,
} from "@std/assert";
import { iota } from "../../engine/ops/iota.ts";
import { Program } from "../../engine/program.ts";
import { UserError } from "../../engine/user_error.ts";
import type { LossOptions } from "../../losses/registry.ts";
import { traceStep } from "../../train/training_step.ts";
import { buildModel } from "../../train/build_model.ts";
import { totalLoss } from "../../train/total_loss.ts";
import { input } from "../../engine/graph/tensor.ts";
import { devices } from "../engine/devices.ts";
import { randomArray, testWithSeed } from "../random.ts";
import { IMAGE_SIZE, tinyConfig } from "./tiny_model.ts";

const missing: { term: keyof LossOptions; model: object; needs: string }[] = [
  { term: "image", model: {}, needs: "model.doubleView" },
  { term: "patchVocabulary", model: {}, needs: "model.vocabulary" },
  {
    term: "imageVocabulary",
    model: { vocabulary: { name: "dynamic", entries: 8 } },
    needs: "model.doubleView and model.vocabulary",
  },
  {
    term: "imageVocabulary",
    model: { doubleView: true },
    needs: "model.doubleView and model.vocabulary",
  },
  { term: "selfie", model: {}, needs: "model.name selfie" },
  { term: "allp", model: {}, needs: "model.name allp" },
];

/** Traces a step of masked patch prediction. */
function trace(model: object, losses: object): void {
  const config = tinyConfig({
    model: { ...tinyConfig().model, ...model },
    losses,
  });
  const built = buildModel(config, IMAGE_SIZE);
  traceStep({ config, ...built, imageSize: IMAGE_SIZE });
}

for (const { term, model, needs } of missing) {
  Deno.test(`totalLoss: refuses the term ${term} where the model is ${JSON.stringify(model)}`, () => {
    assertThrows(
      () => trace(model, { [term]: { weight: 4 } }),
      UserError,
      `losses.${term} has weight 4, but the model maskedPatchPrediction gives nothing for it: ` +
        `it needs ${needs}; turn that on or set losses.${term}.weight to 0`,
    );
  });
}

Deno.test("totalLoss: refuses the term maskedPatch for a model that predicts no patches", () => {
  const losses = tinyConfig({ losses: { maskedPatch: { weight: 1 } } }).losses;
  assertThrows(
    () => totalLoss({}, losses, "selfie"),
    UserError,
    "it needs model.name maskedPatchPrediction",
  );
});

Deno.test("totalLoss: refuses terms that all have weight 0", () => {
  assertThrows(
    () => trace({}, { maskedPatch: { weight: 0 } }),
    UserError,
    "all losses have weight 0",
  );
});

testWithSeed(
  "totalLoss: is the sum of the terms times their weights, which the metrics are without",
  async () => {
    const [wasm] = devices;
    const [n, width] = [4, 3];
    const candidates = input("candidates", [n, 2, width]);
    const queries = input("queries", [n, 2, width]);
    const vectors = input("vectors", [n, width]);
    const locations = iota([n, 2], 1);
    const { losses } = tinyConfig({
      losses: {
        maskedPatch: { weight: 0 },
        selfie: { weight: 3 },
        image: { weight: 0.5 },
      },
    });
    const { loss, metrics } = totalLoss(
      {
        selfie: { queries, candidates, locations },
        image: { predictions: vectors, targets: vectors, views: 2 },
      },
      losses,
      "a model",
    );
    const names = Object.keys(metrics);
    assertEquals(
      names.filter((name) => !name.includes(".")).sort(),
      ["image", "selfie"],
    );
    assert(names.includes("selfie.retrieval"));
    const program = await Program.compile(wasm, {
      outputs: [loss, metrics.selfie, metrics.image],
    });
    const [[total], [selfie], [image]] = await program.evaluate({
      candidates: randomArray(candidates.size),
      queries: randomArray(queries.size),
      // within the sphere, so that nothing is clamped
      vectors: randomArray(vectors.size, -0.5, 0.5),
    });
    program.destroy();
    assertAlmostEquals(total, 3 * selfie + 0.5 * image, 1e-5);
  },
);
