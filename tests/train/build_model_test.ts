import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { UserError } from "../../engine/user_error.ts";
import { buildModel } from "../../train/build_model.ts";
import type { Config } from "../../train/config/config.ts";
import { traceStep } from "../../train/training_step.ts";
import { exchange, SIZE, tinyModel } from "./models/tiny_models.ts";

Deno.test("buildModel: initial values are a function of the seed, and zeros without one", () => {
  const initialOf = (changes: object) => {
    const config = tinyModel({ name: "allp" }, {}, changes);
    return buildModel(config, SIZE).parameters.storage.initial!;
  };
  assertEquals(initialOf({ seed: 3 }), initialOf({ seed: 3 }));
  assertNotEquals(initialOf({ seed: 4 }), initialOf({ seed: 3 }));
  const { seed: _, ...unseeded } = tinyModel({ name: "allp" }, {});
  const { initial, size } = buildModel(unseeded, SIZE).parameters.storage;
  assertEquals(initial, new Float32Array(size));
});

const models = [
  { name: "maskedPatchPrediction", masked: 2 },
  { name: "selfie", masked: 2 },
  { name: "allp" },
];

const misfits = [
  {
    what: "a grid that does not divide the images",
    options: { grid: 3 },
    message: "model.grid 3 does not divide images of 8 pixels",
  },
  {
    what: "heads that do not divide the features",
    options: { transformer: { heads: 3 } },
    message: "model.transformer.heads 3 does not divide the 16 features",
  },
  {
    what: "heads of an exchange that do not divide its width",
    options: { exchange: { ...exchange, heads: 4 } },
    message: "model.exchange.heads 4 does not divide model.exchange.width 6",
  },
];

function assertRefused(config: Config, message: string): void {
  assertThrows(() => buildModel(config, SIZE), UserError, message);
}

for (const { what, options, message } of misfits) {
  for (const model of models) {
    Deno.test(`buildModel: refuses ${what} (${model.name})`, () =>
      assertRefused(tinyModel({ ...model, ...options }, {}), message));
  }
}

for (const name of ["maskedPatchPrediction", "selfie"]) {
  Deno.test(`buildModel: refuses to mask all patches (${name})`, () =>
    assertRefused(
      tinyModel({ name, masked: 4 }, {}),
      "model.masked 4 must be below the 4 patches of the grid",
    ));
}

/** Traces a step of a model. */
function trace(config: Config): void {
  traceStep({ config, ...buildModel(config, SIZE), imageSize: SIZE });
}

Deno.test("traceStep: refuses a single view for Allp", () => {
  const losses = { allp: { weight: 1 } };
  const config = tinyModel({ name: "allp" }, losses, { views: 1 });
  assertThrows(() => trace(config), UserError, "set views to 2 or more");
});

Deno.test("traceStep: refuses a queue of fewer entries than there are targets", () => {
  const config = tinyModel({
    name: "maskedPatchPrediction",
    masked: 2,
    vocabulary: { name: "queue", entries: 11 },
  }, { maskedPatch: { weight: 1 } });
  assertThrows(() => trace(config), UserError, "12 targets do not fit");
});
