/** Whole training steps as work: the tiny presets, and a classifier. */
import { mean } from "../engine/ops/reduction.ts";
import { relu } from "../engine/ops/elementwise.ts";
import { RandomSource } from "../engine/ops/random.ts";
import { input, type Shape, type Tensor } from "../engine/graph/tensor.ts";
import { Context } from "../layers/context.ts";
import { Linear } from "../layers/linear.ts";
import { namedInstances, namedStates } from "../layers/module.ts";
import { type PackedParameters, packParameters } from "../layers/packing.ts";
import { BatchNorm } from "../layers/norm.ts";
import { ResNet } from "../layers/resnet.ts";
import { crossEntropy } from "../losses/cross_entropy.ts";
import { Vocabulary } from "../vocab/vocabulary.ts";
import { buildModel } from "../train/build_model.ts";
import { type Config, configSchema } from "../train/config/config.ts";
import { resolveConfig } from "../train/config/loader.ts";
import { totalLoss } from "../train/total_loss.ts";
import { presets } from "../train/config/presets/mod.ts";
import { randomValues } from "./values.ts";
import type { TrainingWork, Values } from "./work.ts";

/** Height and width of all images here. */
export const IMAGE_SIZE = 32;
const CLASSIFIED_IMAGES = 32;
const CLASSES = 10;
const RESNET50 = {
  name: "resnet",
  depth: 50,
  width: 1,
  stem: "small",
} as const;

/** A step of a preset. */
export type PresetName = Exclude<TrainingWork["model"], "resnet50">;

/** A step of `model`. */
export function trainingWork(model: TrainingWork["model"]): TrainingWork {
  return model === "resnet50" ? classifierWork() : presetWork(model);
}

function presetWork(name: PresetName): TrainingWork {
  const config = presetConfig(name);
  const plain = presetConfig(name, { model: { dropout: 0 } });
  const { model, parameters } = buildModel(plain, IMAGE_SIZE);
  const random = new FedRandom();
  const context = new Context(random);
  const views = imagesInput(config.batchSize);
  const outputs = model.forward(views, config.views, context);
  const { loss } = totalLoss(outputs, config.losses, config.model.name);
  return {
    kind: "training",
    model: name,
    config,
    loss,
    ...stateOf(model, parameters),
    statistics: [],
    feeds: { views: randomValues(views.size), ...random.feeds },
    optimizer: config.optimizer,
  };
}

/** Settings that leave every kernel of `dv2-tiny` in place and give each next to nothing to do. */
export const smallestSizes = {
  batchSize: 4,
  encoder: { depth: 18, width: 0.0625 },
  model: { vocabulary: { entries: 128 } },
} as const;

/** The settings of a preset, and other ones over them. */
export function presetConfig(name: PresetName, changes: object = {}): Config {
  return resolveConfig(configSchema, [presets[name].config, changes]);
}

/** A ResNet-50 with a linear layer and the cross entropy of its classes. */
function classifierWork(): TrainingWork {
  const encoder = new ResNet(RESNET50);
  const features = encoder.channels.at(-1)!;
  const norm = new BatchNorm(features);
  const head = new Linear(features, CLASSES);
  const model = { encoder, norm, head };
  const parameters = packParameters(model, 0);
  const context = new Context(new FedRandom());
  const views = imagesInput(CLASSIFIED_IMAGES);
  const maps = encoder.forward(views, context).at(-1)!;
  const pooled = mean(relu(norm.forward(maps, context)), { axes: [1, 2] });
  const labels = input("labels", [CLASSIFIED_IMAGES, CLASSES]);
  const oneHot = new Float32Array(labels.size);
  for (let i = 0; i < CLASSIFIED_IMAGES; i++) {
    oneHot[i * CLASSES + i % CLASSES] = 1;
  }
  return {
    kind: "training",
    model: "resnet50",
    config: { encoder: RESNET50 },
    loss: crossEntropy(head.forward(pooled), labels),
    ...stateOf(model, parameters),
    statistics: context.assignments,
    feeds: { views: randomValues(views.size), labels: oneHot },
    optimizer: presetConfig("dv2-tiny").optimizer,
  };
}

function imagesInput(n: number): Tensor {
  return input("views", [n, IMAGE_SIZE, IMAGE_SIZE, 3]);
}

function stateOf(model: object, { entries, tensors }: PackedParameters) {
  const names = [...entries.keys()];
  return {
    parameters: new Map(names.map((name, i) => [name, tensors[i]])),
    vocabularies: new Map(
      [...namedInstances(model, Vocabulary)].flatMap(([path, vocabulary]) =>
        Array.from(
          namedStates(vocabulary),
          ([name, { storage }]) => [`${path}.${name}`, storage.tensor()],
        )
      ),
    ),
  };
}

/** The first values of a state. */
export function initialValues({ operation, size }: Tensor): Values {
  if (operation.kind !== "state") {
    throw new TypeError(`${operation.kind} is no state`);
  }
  const { storage: { initial }, offset } = operation;
  return Float32Array.from(initial!.subarray(offset, offset + size));
}

/** Random numbers that are fed, so that all peers have the same. */
class FedRandom extends RandomSource {
  /** The numbers of all draws so far. */
  readonly feeds: Record<string, Values> = {};

  constructor() {
    super(input("key", [2], "u32"));
  }

  override uniform(shape: Shape): Tensor {
    const name = `uniform${Object.keys(this.feeds).length}`;
    const tensor = input(name, shape);
    this.feeds[name] = randomValues(tensor.size).map((x) => (x + 1) / 2);
    return tensor;
  }
}
