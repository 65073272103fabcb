import { assert, assertEquals } from "@std/assert";
import type { Device } from "../../../engine/devices/device.ts";
import { add } from "../../../engine/ops/elementwise.ts";
import { Program } from "../../../engine/program.ts";
import { input, type Tensor } from "../../../engine/graph/tensor.ts";
import { Context } from "../../../layers/context.ts";
import type { Encoder } from "../../../layers/encoder.ts";
import { namedStates } from "../../../layers/module.ts";
import type { PatchNetwork } from "../../../layers/patch_network.ts";
import { splitPatches } from "../../../layers/patches.ts";
import { buildModel } from "../../../train/build_model.ts";
import { Allp } from "../../../train/models/allp.ts";
import { MaskedPatchPrediction } from "../../../train/models/masked_patch_prediction.ts";
import { Selfie } from "../../../train/models/selfie.ts";
import { assertClose } from "../../engine/compare.ts";
import { devices } from "../../engine/devices.ts";
import { randomArray, testWithSeed, withSeed } from "../../random.ts";
import { exchange, SIZE, tinyModel } from "./tiny_models.ts";

// which kernels there are does not depend on which of them is compared with which
const [wasm] = devices;
const IMAGES = 3;
const GRID = 2;

/** The model of a kind with random parameters and running statistics. */
function randomModel(model: object) {
  const { model: built, parameters } = buildModel(
    tinyModel(model, { maskedPatch: { weight: 1 } }),
    SIZE,
  );
  const { initial } = parameters.storage;
  assert(initial);
  initial.set(randomArray(initial.length));
  for (const { storage } of namedStates(built).values()) {
    storage.initial?.set(randomArray(storage.size, 0.5, 1.5));
  }
  return built;
}

/** Values of tensors for random images. */
async function evaluate(
  device: Device,
  trace: (images: Tensor) => Readonly<Record<string, Tensor>>,
): Promise<Map<string, { shape: readonly number[]; values: Float32Array }>> {
  const images = input("images", [IMAGES, SIZE, SIZE, 3]);
  const traced = Object.entries(trace(images));
  const outputs = traced.map(([, tensor]) => tensor);
  const program = await Program.compile(device, { outputs });
  const values = await program.evaluate({ images: randomArray(images.size) });
  program.destroy();
  return new Map(
    traced.map(([name, { shape }], i) => [
      name,
      { shape, values: Float32Array.from(values[i]) },
    ]),
  );
}

/** Applies the stages one by one, with the exchanges of the patch path between them. */
function stages(
  encoder: Encoder,
  x: Tensor,
  count: number,
  path: string,
  exchanges: PatchNetwork["exchanges"] = [],
): Record<string, Tensor> {
  const context = new Context();
  const maps: Record<string, Tensor> = {};
  let y = encoder.forwardStem(x, context);
  for (let stage = 0; stage <= count; stage++) {
    maps[`${path} res${stage + 1}`] = y;
    if (stage === count) break;
    y = encoder.forwardStage(stage, y, context);
    y = exchanges[stage]?.forward(y, context) ?? y;
  }
  return maps;
}

/** Means over everything that belongs to an image, channel by channel. */
function means(values: Float32Array, channels: number): Float64Array {
  const cells = values.length / IMAGES / channels;
  const sums = new Float64Array(IMAGES * channels);
  values.forEach((value, i) => {
    const image = Math.floor(i / channels / cells);
    sums[image * channels + i % channels] += value / cells;
  });
  return sums;
}

Deno.test("representations: are the means of each stage's map, I, Î, and the features", () =>
  withSeed("representations", async () => {
    const model = randomModel({
      name: "maskedPatchPrediction",
      masked: 1,
      exchange,
      doubleView: true,
    });
    assert(model instanceof MaskedPatchPrediction && model.doubleView);
    const { patchNetwork, encoder, transformer, positions, doubleView } = model;
    const context = new Context();
    const all = await evaluate(wasm, (images) => {
      const tokens = doubleView.appendToken(
        add(patchNetwork.forward(images, context), positions.tensor),
      );
      const representations = model.representations(images, context);
      const patches = splitPatches(images, GRID);
      const { exchanges } = patchNetwork;
      const expected = {
        ...stages(encoder, patches, 3, "patch", exchanges),
        ...stages(encoder, images, 4, "image"),
        I: doubleView.imageNetwork.forward(images, context),
        contextual: transformer.forward(tokens, context),
        features: model.features(images, context),
      };
      return {
        ...named("expected", expected),
        ...named("actual", representations),
      };
    });
    const names = [...all.keys()].filter((name) => name.startsWith("actual"));
    assertEquals(names.map((name) => name.replace("actual ", "")), [
      ...[1, 2, 3, 4].map((i) => `patch res${i}`),
      ...[1, 2, 3, 4, 5].map((i) => `image res${i}`),
      ...["I", "Î", "I, Î", "features"],
    ]);
    const actual = (name: string) => all.get(`actual ${name}`)!.values;
    for (const [key, { shape, values }] of all) {
      const name = key.replace("expected ", "");
      if (name === key || name === "contextual") continue;
      const expected = means(values, shape.at(-1)!);
      assertClose(actual(name), expected, name, 1e-4);
    }
    // the last of five tokens
    const contextual = all.get("expected contextual")!;
    const width = contextual.shape[2];
    const last = contextual.values.filter((_, i) =>
      Math.floor(i / width) % (GRID ** 2 + 1) === GRID ** 2
    );
    assertClose(actual("Î"), last, "Î", 1e-4);
    const [I, Î] = [actual("I"), actual("Î")];
    const sideBySide = Array.from({ length: IMAGES }, (_, i) => [
      ...I.subarray(i * I.length / IMAGES, (i + 1) * I.length / IMAGES),
      ...Î.subarray(i * width, (i + 1) * width),
    ]);
    assertEquals([...actual("I, Î")], sideBySide.flat());
  }));

/** The same under longer names. */
function named(
  prefix: string,
  tensors: Readonly<Record<string, Tensor>>,
): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, x]) => [`${prefix} ${name}`, x]),
  );
}

testWithSeed(
  "representations: without the double view there are those of patches alone",
  () => {
    const images = input("images", [IMAGES, SIZE, SIZE, 3]);
    const patchNames = [1, 2, 3, 4].map((i) => `patch res${i}`);
    for (
      const [options, Model] of [
        [{ name: "maskedPatchPrediction", masked: 1 }, MaskedPatchPrediction],
        [{ name: "selfie", masked: 1 }, Selfie],
        [{ name: "allp" }, Allp],
      ] as const
    ) {
      const model = randomModel(options);
      assert(model instanceof Model);
      const representations = model.representations(images, new Context());
      assertEquals(Object.keys(representations), [...patchNames, "features"]);
      const { shape } = model.features(images, new Context());
      assertEquals(representations.features.shape, shape);
    }
  },
);
