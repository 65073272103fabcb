import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Device } from "../../../engine/devices/device.ts";
import { input, sizeOf } from "../../../engine/graph/tensor.ts";
import { RandomSource } from "../../../engine/ops/random.ts";
import { UserError } from "../../../engine/user_error.ts";
import { Context } from "../../../layers/context.ts";
import { namedStates } from "../../../layers/module.ts";
import { Program } from "../../../engine/program.ts";
import { buildModel } from "../../../train/build_model.ts";
import {
  Classifier,
  type PretrainedWeights,
} from "../../../train/finetune/classifier.ts";
import {
  type ClassifierInput,
  classifierInput,
} from "../../../train/finetune/classifier_input.ts";
import {
  captureState,
  releaseState,
} from "../../../train/run/training_state.ts";
import { traceObjective, TrainingStep } from "../../../train/training_step.ts";
import { assertClose } from "../../engine/compare.ts";
import { testOnWasm } from "../../engine/devices.ts";
import { linear } from "../../layers/naive.ts";
import { NaiveRandom } from "../../layers/naive_random.ts";
import { randomArray, randomWord, testWithSeed } from "../../random.ts";
import { fullModel, IMAGE_SIZE, tinyConfig } from "../tiny_model.ts";
import { randomTensors } from "../export/tiny_run.ts";

const config = tinyConfig({
  ...fullModel,
  model: { ...fullModel.model, vocabulary: null },
});
const CLASSES = 3;

interface Options {
  readonly frozen: boolean;
  readonly input?: ClassifierInput;
  readonly weights?: PretrainedWeights;
}

function create({ frozen, input = "both", weights }: Options) {
  const network = buildModel(config, IMAGE_SIZE);
  const settings = { frozen, input, seed: config.seed };
  const classifier = new Classifier(network, settings, CLASSES, weights);
  return { network, classifier };
}

function release(device: Device, { learning, network }: Classifier): void {
  releaseState(device, learning);
  releaseState(device, network);
}

/** Takes two steps on random images. */
async function takeSteps(
  device: Device,
  { network: { augmentation }, classifier }: ReturnType<typeof create>,
): Promise<void> {
  const step = await TrainingStep.compileTraced(
    device,
    { ...config, views: 1 },
    traceObjective({
      config: { ...config, views: 1 },
      objective: (views, context) => classifier.objective(views, context),
      parameters: classifier.learning.parameters,
      augmentation,
      imageSize: IMAGE_SIZE,
    }),
  );
  for (let i = 0; i < 2; i++) {
    const size = step.instances * 3 * IMAGE_SIZE ** 2;
    await step.run(
      i,
      Uint8Array.from(randomArray(size, 0, 256)),
      Int32Array.from({ length: step.instances }, (_, j) => j % CLASSES),
    );
  }
  assertEquals(
    (await step.metrics(0, 2)).map(({ proceeds }) => proceeds),
    [1, 1],
  );
  step.destroy();
  device.release(step.optimizer.firstMoment);
  device.release(step.optimizer.secondMoment);
}

testOnWasm(
  "Classifier: a frozen network keeps every parameter and running statistic, bit for bit",
  async (device) => {
    const weights = { tensors: randomTensors(config), source: "checkpoint" };
    for (const input of ["both", "patches"] as const) {
      const created = create({ frozen: true, input, weights });
      const { network, classifier } = created;
      const before = await captureState(device, network);
      for (const [name, { data }] of Object.entries(before)) {
        assertEquals(data, weights.tensors[name].data, name);
      }
      const head = await captureState(device, classifier.learning);
      assertEquals(Object.keys(head), ["classifier.weight", "classifier.bias"]);
      await takeSteps(device, created);
      assertEquals(await captureState(device, network), before);
      const after = await captureState(device, classifier.learning);
      for (const [name, { data }] of Object.entries(head)) {
        assert(data.some((value, i) => value !== after[name].data[i]), name);
      }
      release(device, classifier);
    }
  },
);

testOnWasm(
  "Classifier: a network that is not frozen learns with its classifier, from its checkpoint on",
  async (device) => {
    const weights = { tensors: randomTensors(config), source: "checkpoint" };
    const created = create({ frozen: false, weights });
    const { learning } = created.classifier;
    const before = await captureState(device, learning);
    for (const [name, { data }] of Object.entries(before)) {
      if (name.startsWith("classifier.")) continue;
      assertEquals(data, weights.tensors[name].data, name);
    }
    await takeSteps(device, created);
    const after = await captureState(device, learning);
    for (
      const name of [
        "classifier.weight",
        "encoder.stem.weight",
        "transformer.norm.scale",
        "doubleView.token",
        "encoder.groups.0.0.norms.0.mean",
        "doubleView.imageNetwork.norm.variance",
      ]
    ) {
      const { data } = after[name];
      assert(data.some((value, i) => value !== before[name].data[i]), name);
    }
    release(device, created.classifier);
  },
);

testOnWasm(
  "Classifier: from scratch, the network is that of an untrained run of the same seed",
  async (device) => {
    const untrained = buildModel(config, IMAGE_SIZE);
    const expected = await captureState(device, untrained);
    device.release(untrained.parameters.storage);
    for (const { storage } of namedStates(untrained.model).values()) {
      device.release(storage);
    }
    const tuned = create({ frozen: false });
    const { "classifier.weight": weight, "classifier.bias": bias, ...network } =
      await captureState(device, tuned.classifier.learning);
    assertEquals(network, expected);
    const width = weight.shape[0];
    assertEquals(weight.shape, [width, CLASSES]);
    assert(weight.data.some((value) => value !== 0));
    assertEquals([...bias.data], [0, 0, 0]);
    const frozen = create({ frozen: true });
    assertEquals(await captureState(device, frozen.network), expected);
    assertEquals(
      (await captureState(device, frozen.classifier.learning))[
        "classifier.weight"
      ],
      weight,
    );
    release(device, tuned.classifier);
    release(device, frozen.classifier);
  },
);

testOnWasm(
  "Classifier: its loss is the cross entropy of its scores, beside the share that is right",
  async (device) => {
    const { network, classifier } = create({
      frozen: false,
      weights: { tensors: randomTensors(config), source: "checkpoint" },
    });
    const { storage, entries } = classifier.learning.parameters;
    const { offset, shape } = entries.get("classifier.weight")!;
    storage.initial!.set(randomArray(shape[0] * shape[1]), offset);
    const labels = Int32Array.of(2, 0, 1, 1, 2);
    const images = input("images", [
      labels.length,
      network.augmentation.size,
      network.augmentation.size,
      3,
    ]);
    const context = new Context();
    const { loss, metrics } = classifier.objective(images, context);
    const program = await Program.compile(device, {
      outputs: [classifier.forward(images, context), loss, metrics.accuracy],
    });
    const [scores, value, accuracy] = await program.evaluate({
      images: randomArray(images.size),
      labels,
    });
    let [entropy, right] = [0, 0];
    labels.forEach((label, row) => {
      const ofRow = [...scores.subarray(row * CLASSES, (row + 1) * CLASSES)];
      const total = ofRow.reduce((sum, score) => sum + Math.exp(score), 0);
      entropy += (Math.log(total) - ofRow[label]) / labels.length;
      right += Number(ofRow[label] === Math.max(...ofRow)) / labels.length;
    });
    assertClose(value, [entropy], "loss");
    assertClose(accuracy, [right], "accuracy");
    program.destroy();
    release(device, classifier);
  },
);

testOnWasm(
  "Classifier: dropout comes after a frozen network, and only within one that is not",
  async (device) => {
    for (const frozen of [true, false]) {
      const { network, classifier } = create({
        frozen,
        input: "image",
        weights: { tensors: randomTensors(config), source: "checkpoint" },
      });
      const { model, augmentation: { size } } = network;
      const { storage, entries } = classifier.learning.parameters;
      const weights = (name: string) => {
        const { offset, shape } = entries.get(`classifier.${name}`)!;
        return storage.initial!.subarray(offset, offset + sizeOf(shape));
      };
      weights("weight").set(randomArray(weights("weight").length));
      const images = input("images", [5, size, size, 3]);
      // a pass of its own each, with the same random numbers
      const key = input("key", [2], "u32");
      const training = () => new Context(new RandomSource(key));
      const program = await Program.compile(device, {
        outputs: [
          classifier.forward(images, training()),
          classifierInput(
            model,
            "image",
            images,
            frozen ? new Context() : training(),
          ),
        ],
      });
      const [seed, step] = [randomWord(), 7];
      const [scores, values] = await program.evaluate({
        images: randomArray(images.size),
        key: Uint32Array.of(seed, step),
      });
      const features = Float64Array.from(values);
      const seen = frozen
        ? new NaiveRandom(seed, step).dropout(features, model.dropout)
        : features;
      assertClose(
        scores,
        linear(seen, (name) => Float64Array.from(weights(name))),
        frozen ? "frozen" : "not frozen",
      );
      program.destroy();
      release(device, classifier);
    }
  },
);

testWithSeed("Classifier: refuses a checkpoint of another network", () => {
  const { "encoder.stem.weight": _, ...tensors } = randomTensors(config);
  const error = assertThrows(
    () => create({ frozen: true, weights: { tensors, source: "that one" } }),
    UserError,
  );
  assertEquals(
    error.message,
    "that one does not fit the model that it describes: encoder.stem.weight is missing",
  );
});
