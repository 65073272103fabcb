import { assert, assertEquals } from "@std/assert";
import { Linear } from "../../../layers/linear.ts";
import { namedInstances, namedParameters } from "../../../layers/module.ts";
import { buildModel } from "../../../train/build_model.ts";
import { exchange, SIZE, tinyModel } from "./tiny_models.ts";

const models = [
  { name: "maskedPatchPrediction", masked: 1, exchange, doubleView: true },
  { name: "selfie", masked: 1, exchange },
  { name: "allp", exchange },
];

for (const model of models) {
  Deno.test(`${model.name}: all linear layers start with small weights, or by their inputs`, () => {
    const initialized = (options: object) =>
      buildModel(tinyModel({ ...model, ...options }, {}), SIZE).model;
    const layers = namedInstances(initialized({}), Linear);
    // those of two exchanges and a transformer of one layer each, and at least a head
    assert(layers.size >= 2 * 6 + 4);
    for (const { weight } of layers.values()) {
      assertEquals(weight.initializer, { deviation: 1e-3 });
    }
    const byInputs = initialized({ initialization: "fanIn" });
    for (const { weight } of namedInstances(byInputs, Linear).values()) {
      const [inputs] = weight.shape;
      assertEquals(weight.initializer, { deviation: 1 / Math.sqrt(inputs) });
    }
    for (const [name, { initializer }] of namedParameters(byInputs)) {
      if (!/positions|token|start/.test(name)) continue;
      assertEquals(initializer, { deviation: 0.02 }, name);
    }
  });
}
