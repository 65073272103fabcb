import fixture from "../../fixtures/timm.json" with { type: "json" };
import { SQUARING } from "../../../datasets/resize.ts";
import { sizeOf } from "../../../engine/graph/tensor.ts";
import { namedStates } from "../../../layers/module.ts";
import { buildModel, type BuiltModel } from "../../../train/build_model.ts";
import type { Config } from "../../../train/config/config.ts";
import type { EncoderContents } from "../../../train/export/encoder_file.ts";
import { encodeSafetensors } from "../../../train/run/safetensors_bytes.ts";
import type { StoredTensor } from "../../../train/run/safetensors_header.ts";
import { importTimm } from "../../../train/export/timm.ts";
import { fullModel, tinyConfig } from "../tiny_model.ts";

/** The lines of docs/encoder.md that PyTorch has built the networks by. */
export const pytorchLines: string = fixture.code;

/** A network that PyTorch has computed with. */
export interface TimmCase {
  readonly name: string;
  /** Height and width of the images in pixels. */
  readonly imageSize: number;
  /** What the exported file has to say of the network, for the document's lines to build it. */
  readonly options: object;
  /** The same network here. */
  readonly config: Config;
  /** The tensors under the names of timm, in PyTorch's layout. */
  readonly tensors: Readonly<Record<string, StoredTensor>>;
  /** `[2, 3, imageSize, imageSize]`, normalised. */
  readonly images: Float32Array<ArrayBuffer>;
  /** What PyTorch computes of the two images. */
  readonly features: readonly (readonly number[])[];
}

/** The numbers in [-1, 1) that make_timm_fixtures.py gives a name. */
function formula(name: string, size: number): Float64Array {
  let state = 0x811c9dc5;
  for (const letter of new TextEncoder().encode(name)) {
    state = Math.imul(state ^ letter, 0x01000193) >>> 0;
  }
  return Float64Array.from({ length: size }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

function weights(name: string, shape: readonly number[]): StoredTensor {
  const size = shape.reduce((product, axis) => product * axis, 1);
  const scaled = formula(name, size).map((number) => {
    if (shape.length === 4) return 2 * number / Math.sqrt(size / shape[0]);
    if (name.endsWith(".running_var")) return 1 + 0.5 * number;
    return name.endsWith(".weight") ? 1 + 0.3 * number : number;
  });
  return { shape, data: Float32Array.from(scaled) };
}

const configs: Readonly<Record<keyof typeof fixture.cases, Config>> = {
  bottlenecks: tinyConfig({
    ...fullModel,
    encoder: { name: "resnet", depth: 26, width: 0.0625, stem: "imagenet" },
  }),
  basic: tinyConfig(),
  strided: tinyConfig({
    ...fullModel,
    encoder: { ...tinyConfig().encoder, stem: "strided" },
  }),
};

/** The networks: bottlenecks and basic blocks, with the double view and without, and every stem. */
export const timmCases: readonly TimmCase[] = Object.entries(
  fixture.cases,
).map(
  ([name, { imageSize, options, state, features }]) => ({
    name,
    imageSize,
    options,
    config: configs[name as keyof typeof configs],
    tensors: Object.fromEntries(
      Object.entries(state).map((
        [name, shape],
      ) => [name, weights(name, shape)]),
    ),
    images: Float32Array.from(formula("images", 2 * 3 * imageSize ** 2)),
    features,
  }),
);

/** The model of a case, with the weights of timm. */
export function importCase(
  { config, imageSize, tensors }: TimmCase,
): BuiltModel {
  const built = buildModel(config, imageSize);
  importTimm(built, encodeSafetensors({ metadata: {}, tensors }), "timm.bin");
  return built;
}

/** The same as an encoder to be exported. */
export function encoderOf(timmCase: TimmCase): EncoderContents {
  const { config, imageSize } = timmCase;
  const built = importCase(timmCase);
  const { preprocessing } = built.augmentation;
  return {
    description: {
      ...config,
      imageSize,
      squaring: SQUARING,
      preprocessing,
      features: { image: timmCase.features[0].length },
      packageVersion: "0.0.0",
      step: 0,
      config: {},
    },
    tensors: initialTensors(built),
  };
}

/** The parameters and running statistics of a model that is on no device yet. */
export function initialTensors(
  { model, parameters }: BuiltModel,
): Record<string, StoredTensor> {
  const tensors: Record<string, StoredTensor> = {};
  const values = Float32Array.from(parameters.storage.initial!);
  for (const [name, { shape, offset }] of parameters.entries) {
    const data = values.slice(offset, offset + sizeOf(shape));
    tensors[name] = { shape, data };
  }
  for (const [name, { storage }] of namedStates(model)) {
    const data = Float32Array.from(storage.initial!);
    tensors[name] = { shape: [storage.size], data };
  }
  return tensors;
}
