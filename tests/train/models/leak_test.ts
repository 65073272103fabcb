import { assert, assertEquals, assertNotEquals } from "@std/assert";
import type { Device } from "../../../engine/devices/device.ts";
import { gradient } from "../../../engine/graph/gradient.ts";
import { multiply } from "../../../engine/ops/elementwise.ts";
import { normalArray, RandomSource } from "../../../engine/ops/random.ts";
import { sum } from "../../../engine/ops/reduction.ts";
import { Program } from "../../../engine/program.ts";
import { input } from "../../../engine/graph/tensor.ts";
import { Context } from "../../../layers/context.ts";
import { namedStates } from "../../../layers/module.ts";
import { buildModel } from "../../../train/build_model.ts";
import type { Config } from "../../../train/config/config.ts";
import { testOnWasm } from "../../engine/devices.ts";
import { NaiveRandom } from "../../layers/naive_random.ts";

import { outputTensors } from "./check.ts";
import { drawMasks } from "./naive_masks.ts";
import { exchange, SIZE, tinyModel } from "./tiny_models.ts";

const [N, PATCHES, MASKED] = [6, 4, 2];
const [SEED, STEP] = [5, 3];

/**
 * A training pass whose normalisations take running statistics: those of the batch mix all patches,
 * masked or not, which is not attention and not what is tested here.
 */
class PassWithRunningStatistics extends Context {
  override get training(): boolean {
    return false;
  }
}

type Values = Float32Array<ArrayBuffer>;

/** The patch that a pixel's value belongs to, counted over all images. */
function patchOf(place: number): number {
  const half = SIZE / 2;
  const pixel = Math.floor(place / 3);
  const column = Math.floor(pixel % SIZE / half);
  const row = Math.floor(pixel / (SIZE * half)) % 2;
  const image = Math.floor(pixel / SIZE ** 2);
  return image * PATCHES + row * 2 + column;
}

/** The patches, counted over all images, of which any pixel's value is not 0. */
function patchesTouched(slope: Values): number[] {
  const touched = new Set<number>();
  slope.forEach((value, i) => value !== 0 && touched.add(patchOf(i)));
  return [...touched].sort((a, b) => a - b);
}

/** The rows in which two lists of rows differ. */
function rowsChanged(before: Values, after: Values, width: number): number[] {
  const changed = new Set<number>();
  before.forEach((value, i) =>
    value !== after[i] && changed.add(Math.floor(i / width))
  );
  return [...changed].sort((a, b) => a - b);
}

/** A model with parameters far from 0, always the same, to be looked at from outside. */
class Probe {
  private constructor(
    private readonly program: Program,
    private readonly shapes: ReadonlyMap<string, readonly number[]>,
    private readonly release: () => void,
  ) {}

  /** Compiles outputs of a model, and the gradients of their weighted sums. */
  static async of(
    device: Device,
    config: Config,
    names: readonly string[],
  ): Promise<Probe> {
    const { model, parameters } = buildModel(config, SIZE);
    const { storage } = parameters;
    storage.initial!.set(normalArray(storage.size, 0.3, 1, 1));
    const images = input("images", [N, SIZE, SIZE, 3]);
    const random = new RandomSource(input("key", [2], "u32"));
    const context = new PassWithRunningStatistics(random);
    const tensors = outputTensors(
      model.forward(images, config.views, context),
    );
    const outputs = names.map((name) => tensors.get(name)!);
    const slopes = outputs.map((output, i) => {
      const weights = input(names[i], output.shape);
      return gradient(sum(multiply(output, weights)), [images])[0];
    });
    const program = await Program.compile(device, {
      outputs: [...outputs, ...slopes],
    });
    const shapes = new Map(names.map((name, i) => [name, outputs[i].shape]));
    return new Probe(program, shapes, () => {
      program.destroy();
      device.release(storage);
      for (const { storage } of namedStates(model).values()) {
        device.release(storage);
      }
    });
  }

  /** The outputs in their order, then the gradients of their weighted sums for each pixel. */
  async look(
    images: Values,
    weightOf: (name: string, row: number) => number = () => 0,
  ): Promise<Values[]> {
    const weights = [...this.shapes].map(([name, shape]) => {
      const width = shape.at(-1)!;
      const size = shape.reduce((a, b) => a * b);
      const values = normalArray(size, 1, 2, 2).map((value, i) =>
        value * weightOf(name, Math.floor(i / width))
      );
      return [name, values] as const;
    });
    const results = await this.program.evaluate({
      images,
      key: Uint32Array.of(SEED, STEP),
      ...Object.fromEntries(weights),
    });
    return results as Values[];
  }

  destroy(): void {
    this.release();
  }
}

const { visible, locations } = drawMasks(
  N,
  PATCHES,
  MASKED,
  new NaiveRandom(SEED, STEP),
);
const all = [...Array(N * PATCHES).keys()];
const visiblePatches = all.filter((patch) => visible[patch] === 1);
/** The masked patches in the order of the predictions. */
const maskedPatches = [...locations].map((location, i) =>
  Math.floor(i / MASKED) * PATCHES + location
);
/** One masked patch of each image. */
const changedPatches = maskedPatches.filter((_, i) => i % MASKED === 0);

const everywhere = { ...exchange, after: ["res2", "res3", "res4"] };

const cases = [
  {
    name: "MaskedPatchPrediction",
    model: { name: "maskedPatchPrediction", projection: 5 },
    predictions: ["maskedPatch.predictions"],
    representations: "maskedPatch.targets",
    patches: all,
  },
  {
    name: "MaskedPatchPrediction with the double view",
    model: { name: "maskedPatchPrediction", projection: 5, doubleView: true },
    predictions: ["maskedPatch.predictions", "image.predictions"],
    representations: "maskedPatch.targets",
    patches: all,
  },
  {
    name: "Selfie",
    model: { name: "selfie" },
    predictions: ["selfie.queries"],
    representations: "selfie.candidates",
    patches: maskedPatches,
  },
];

for (const { name, model, predictions, representations, patches } of cases) {
  const config = tinyModel(
    { masked: MASKED, exchange: everywhere, ...model },
    {},
  );
  const names = [...predictions, representations];
  const images = normalArray(N * SIZE ** 2 * 3, 1, 3, 3);
  const changed = (which: readonly number[]) =>
    images.map((value, i) => which.includes(patchOf(i)) ? 0.5 - value : value);
  const widthOf = (values: Values) => values.length / patches.length;

  testOnWasm(
    `${name}: a masked patch changes nothing but its own representation`,
    async (device) => {
      const probe = await Probe.of(device, config, names);
      const before = await probe.look(images);
      const after = await probe.look(changed(changedPatches));
      const further = await probe.look(changed(visiblePatches));
      probe.destroy();
      const own = predictions.length;
      for (let i = 0; i < own; i++) {
        assertEquals(after[i], before[i], names[i]);
        assertNotEquals(further[i], before[i], names[i]);
      }
      const width = widthOf(before[own]);
      const patchesOf = (rows: number[]) => rows.map((row) => patches[row]);
      assertEquals(
        patchesOf(rowsChanged(before[own], after[own], width)),
        changedPatches,
      );
      // and masked patches learn nothing of visible ones
      assertEquals(
        patchesOf(rowsChanged(before[own], further[own], width)),
        visiblePatches.filter((patch) => patches.includes(patch)),
      );
    },
  );

  testOnWasm(
    `${name}: no gradient passes between masked patches and others`,
    async (device) => {
      const probe = await Probe.of(device, config, names);
      for (const prediction of predictions) {
        const results = await probe.look(
          images,
          (name) => name === prediction ? 1 : 0,
        );
        const slope = results[names.length + names.indexOf(prediction)];
        assertEquals(patchesTouched(slope), visiblePatches, prediction);
      }
      const results = await probe.look(
        images,
        (name, row) =>
          name === representations && changedPatches.includes(patches[row])
            ? 1
            : 0,
      );
      assertEquals(patchesTouched(results.at(-1)!), changedPatches);
      probe.destroy();
    },
  );
}

testOnWasm(
  "MaskedPatchPrediction: visible patches learn of each other through the exchange alone",
  async (device) => {
    for (
      const options of [
        { exchange: everywhere },
        { exchange: null },
        { exchange: everywhere, targets: { exchange: false } },
      ]
    ) {
      const config = tinyModel({
        name: "maskedPatchPrediction",
        masked: MASKED,
        projection: 5,
        ...options,
      }, {});
      const targets = "maskedPatch.targets";
      const probe = await Probe.of(device, config, [targets]);
      const images = normalArray(N * SIZE ** 2 * 3, 1, 3, 3);
      const patch = visiblePatches[0];
      const [, slope] = await probe.look(
        images,
        (_, row) => row === patch ? 1 : 0,
      );
      probe.destroy();
      const ofImage = visiblePatches.slice(0, PATCHES - MASKED);
      const learns = options.exchange && !options.targets;
      assertEquals(patchesTouched(slope), learns ? ofImage : [patch]);
      assert(ofImage.length > 1);
    }
  },
);
