import { assert, assertEquals } from "@std/assert";
import type { Device } from "../../../engine/devices/device.ts";
import { gradient } from "../../../engine/graph/gradient.ts";
import { input } from "../../../engine/graph/tensor.ts";
import { square } from "../../../engine/ops/elementwise.ts";
import { RandomSource } from "../../../engine/ops/random.ts";
import { sum } from "../../../engine/ops/reduction.ts";
import { Program } from "../../../engine/program.ts";
import { Context } from "../../../layers/context.ts";
import { namedStates } from "../../../layers/module.ts";
import { buildModel, type BuiltModel } from "../../../train/build_model.ts";
import {
  allFeatures,
  wholeImage,
} from "../../../train/export/feature_kinds.ts";
import {
  type ClassifierInput,
  classifierInput,
  inputsOf,
} from "../../../train/finetune/classifier_input.ts";
import { assertClose } from "../../engine/compare.ts";
import { testOnWasm } from "../../engine/devices.ts";
import { NaiveRandom } from "../../layers/naive_random.ts";
import { randomArray, randomWord } from "../../random.ts";
import { fullModel, IMAGE_SIZE, tinyConfig } from "../tiny_model.ts";

const N = 2;

/** A model with random values. */
function randomModel(changes: object): BuiltModel {
  const built = buildModel(tinyConfig(changes), IMAGE_SIZE);
  const { initial } = built.parameters.storage;
  initial!.set(randomArray(initial!.length));
  for (const { initial } of namedStates(built.model).values()) {
    initial.set(randomArray(initial.length, 0.5, 1.5));
  }
  return built;
}

function release(device: Device, { model, parameters }: BuiltModel): void {
  device.release(parameters.storage);
  for (const { storage } of namedStates(model).values()) {
    device.release(storage);
  }
}

const images = input("images", [N, IMAGE_SIZE, IMAGE_SIZE, 3]);

/** Asserts that inputs of a classifier are certain features. */
async function assertFeatures(
  device: Device,
  changes: object,
  expected: Partial<Record<ClassifierInput, string>>,
): Promise<void> {
  const built = randomModel(changes);
  const { model } = built;
  assertEquals(inputsOf(model).toSorted(), Object.keys(expected).toSorted());
  const context = new Context();
  const features = allFeatures(model, images, context);
  const program = await Program.compile(device, {
    outputs: inputsOf(model).flatMap((name) => [
      classifierInput(model, name, images, context),
      features[expected[name]!],
    ]),
  });
  const values = await program.evaluate({ images: randomArray(images.size) });
  inputsOf(model).forEach((name, i) =>
    assertEquals(values[2 * i], values[2 * i + 1], name)
  );
  program.destroy();
  release(device, built);
}

testOnWasm(
  "classifierInput: is I, Î, both or the patches, as evaluation sees them",
  async (device) => {
    await assertFeatures(device, fullModel, {
      both: "I, Î",
      image: "I",
      prediction: "Î",
      patches: "features",
    });
    await assertFeatures(device, {}, { patches: "features", image: "image" });
  },
);

testOnWasm(
  "classifierInput: whole images in training are dropped once, with and without the double view",
  async (device) => {
    for (const changes of [fullModel, {}]) {
      const built = randomModel(changes);
      const { model } = built;
      const key = input("key", [2], "u32");
      // passes of their own: both train, as the statistics of the batch are part of the features
      const pass = () => new Context(new RandomSource(key));
      const program = await Program.compile(device, {
        outputs: [
          classifierInput(model, "image", images, pass()),
          wholeImage(model, images, pass()),
        ],
      });
      const [seed, step] = [randomWord(), 7];
      const [dropped, whole] = await program.evaluate({
        images: randomArray(images.size),
        key: Uint32Array.of(seed, step),
      });
      assertClose(
        dropped,
        new NaiveRandom(seed, step)
          .dropout(Float64Array.from(whole), model.dropout),
        "I",
      );
      program.destroy();
      release(device, built);
    }
  },
);

/** The parameters that a gradient reaches, and the running statistics that are updated. */
async function reached(device: Device, name: ClassifierInput) {
  const built = randomModel(fullModel);
  const { model, parameters } = built;
  const context = new Context(new RandomSource(input("key", [2], "u32")));
  const features = classifierInput(model, name, images, context);
  const program = await Program.compile(device, {
    outputs: gradient(sum(square(features)), parameters.tensors),
  });
  const gradients = await program.evaluate({
    images: randomArray(images.size),
    key: Uint32Array.of(1, 2),
  });
  program.destroy();
  release(device, built);
  const updated = new Set(
    context.assignments.map(({ storage }) => storage),
  );
  const reached = [...parameters.entries.keys()].filter((_, i) =>
    gradients[i].some((value) => value !== 0)
  );
  const states = [...namedStates(model)].filter(([, { storage }]) =>
    updated.has(storage)
  );
  return { gradient: reached, statistics: states.map(([name]) => name) };
}

const LAST_STAGE = "encoder.groups.3.";

testOnWasm(
  "classifierInput: gradients flow through what it shows, and running statistics follow it alone",
  async (device) => {
    const image = await reached(device, "image");
    const prediction = await reached(device, "prediction");
    const both = await reached(device, "both");
    const starting = (names: string[], prefix: string) =>
      names.filter((name) => name.startsWith(prefix)).length;
    for (const { gradient, statistics } of [image, both]) {
      assert(starting(gradient, LAST_STAGE) > 0);
      assert(starting(statistics, "doubleView.imageNetwork.norm") === 2);
    }
    for (const { gradient, statistics } of [prediction, both]) {
      for (
        const part of [
          "encoder.stem",
          "encoder.groups.0",
          "patchNetwork.norm",
          "patchNetwork.exchanges",
          "positions",
          "transformer",
          "doubleView.token",
        ]
      ) assert(starting(gradient, part) > 0, part);
      assert(starting(statistics, "patchNetwork.norm") === 2);
    }
    for (const part of ["patchNetwork", "positions", "transformer"]) {
      assertEquals(starting(image.gradient, part), 0, part);
      assertEquals(starting(image.statistics, part), 0, part);
    }
    for (const part of [LAST_STAGE, "doubleView.imageNetwork"]) {
      assertEquals(starting(prediction.gradient, part), 0, part);
      assertEquals(starting(prediction.statistics, part), 0, part);
    }
    for (const { gradient } of [image, prediction, both]) {
      assertEquals(gradient.filter((name) => /[hH]ead/.test(name)), []);
    }
  },
);
