/**
 * The names and the layout of timm's `resnetv2`, in which PyTorch reads and writes residual networks
 * with normalisation first.
 */
import { rowMajorStrides, sameShape } from "../../engine/graph/tensor.ts";
import { UserError } from "../../engine/user_error.ts";
import {
  namedInstances,
  namedParameters,
  namedStates,
} from "../../layers/module.ts";
import { BatchNormRelu } from "../../layers/norm.ts";
import type { Parameter } from "../../layers/parameter.ts";
import { ResNet, type Stem, stems } from "../../layers/resnet.ts";
import { buildModel, type BuiltModel } from "../build_model.ts";
import type { PretextModel } from "../models/pretext_model.ts";
import { decodeSafetensors } from "../run/safetensors_bytes.ts";
import type { StoredTensor, TensorData } from "../run/safetensors_header.ts";
import { describe, type EncoderContents } from "./encoder_file.ts";

type Tensors = Readonly<Record<string, StoredTensor>>;

/** What PyTorch calls the parts of a batch normalisation. */
const NORM_PARTS: Readonly<Record<string, string>> = {
  scale: "weight",
  shift: "bias",
  mean: "running_mean",
  variance: "running_var",
};

/** The residual network of an exported encoder, and the name of the normalisation that ends it. */
function residualNetwork({ description }: EncoderContents) {
  const { model } = buildModel(description, description.imageSize);
  const { encoder } = model;
  if (encoder instanceof ResNet) {
    return { encoder, lastNorm: lastNormOf(model) };
  }
  throw new UserError(
    `timm's resnetv2 and ONNX files are residual networks, and this encoder is ${description.encoder.name}; ` +
      "export it with --to safetensors",
  );
}

/**
 * The stem of an exported encoder.
 *
 * @throws {UserError} if the encoder is not a residual network.
 */
export function stemOf(contents: EncoderContents): Stem {
  return stems[residualNetwork(contents).encoder.options.stem];
}

/** The name of the last normalisation of whole images. */
function lastNormOf(model: PretextModel): string | undefined {
  const norms = [...namedInstances(model, BatchNormRelu)];
  return norms.find(([, norm]) => norm === model.imageNorm)?.[0];
}

/** What a tensor of the path of whole images is called in timm; `undefined` for any other tensor. */
function timmName(
  name: string,
  lastNorm: string | undefined,
): string | undefined {
  if (name === "encoder.stem.weight") return "stem.conv.weight";
  const part = NORM_PARTS[name.slice(name.lastIndexOf(".") + 1)];
  if (part && lastNorm && name.startsWith(`${lastNorm}.`)) {
    return `norm.${part}`;
  }
  const [, stage, block, rest] =
    name.match(/^encoder\.groups\.(\d+)\.(\d+)\.(.*)$/) ?? [];
  if (rest === undefined) return undefined;
  const prefix = `stages.${stage}.blocks.${block}`;
  if (rest === "shortcut.weight") return `${prefix}.downsample.conv.weight`;
  const [, kind, index] = rest.match(/^(norms|convolutions)\.(\d+)\./) ?? [];
  const number = Number(index) + 1;
  return kind === "norms"
    ? `${prefix}.norm${number}.${part}`
    : `${prefix}.conv${number}.weight`;
}

/** Whether a tensor is the weight of a convolution. */
function isConvolution({ shape }: StoredTensor): boolean {
  return shape.length === 4;
}

/** `[height, width, inputs, outputs]` -> `[outputs, inputs, height, width]`, as PyTorch has it. */
const TO_PYTORCH = [3, 2, 0, 1];
/** `[outputs, inputs, height, width]` -> `[height, width, inputs, outputs]` */
const FROM_PYTORCH = [2, 3, 1, 0];

/** Reorders the axes of a weight: axis `i` of the result is axis `axes[i]` of the weight. */
function permuted(
  { shape, data }: StoredTensor,
  axes: readonly number[],
): StoredTensor {
  const strides = rowMajorStrides(shape);
  const [a, b, c, d] = axes.map((axis) => shape[axis]);
  const [sa, sb, sc, sd] = axes.map((axis) => strides[axis]);
  const result = new Float32Array(data.length);
  let next = 0;
  for (let i = 0; i < a; i++) {
    for (let j = 0; j < b; j++) {
      for (let k = 0; k < c; k++) {
        for (let l = 0; l < d; l++) {
          result[next++] = data[i * sa + j * sb + k * sc + l * sd];
        }
      }
    }
  }
  return { shape: [a, b, c, d], data: result };
}

/**
 * The path of whole images of an encoder, under the names and in the layout of timm's `resnetv2`.
 * Statistics are those of evaluation; there is no classifier.
 *
 * @throws {UserError} if the encoder is not a residual network.
 */
export function toTimm(contents: EncoderContents): Tensors {
  const { lastNorm } = residualNetwork(contents);
  const renamed: Record<string, StoredTensor> = {};
  for (const [name, tensor] of Object.entries(contents.tensors)) {
    const timm = timmName(name, lastNorm);
    if (timm === undefined) continue;
    renamed[timm] = isConvolution(tensor)
      ? permuted(tensor, TO_PYTORCH)
      : tensor;
  }
  return renamed;
}

/**
 * What the metadata of a timm file says: the arguments of timm's `ResNetV2`, and the description of
 * the encoder.
 */
export function timmMetadata(
  contents: EncoderContents,
  tensors: Tensors,
): Record<string, string> {
  const { size, stride, pooled } = stemOf(contents);
  const outputsOf = (name: string) => tensors[name].shape[0];
  const layers: number[] = [];
  for (const name of Object.keys(tensors)) {
    const [, stage, block] =
      name.match(/^stages\.(\d+)\.blocks\.(\d+)\.conv1/) ?? [];
    if (block === undefined) continue;
    layers[Number(stage)] = Math.max(layers[Number(stage)] ?? 0, +block + 1);
  }
  const isBasic = !("stages.0.blocks.0.conv3.weight" in tensors);
  const last = isBasic ? "conv2" : "conv3";
  const resNetV2 = {
    layers,
    channels: layers.map((_, stage) =>
      outputsOf(`stages.${stage}.blocks.0.${last}.weight`)
    ),
    stem_chs: outputsOf("stem.conv.weight"),
    basic: isBasic,
    bottle_ratio: isBasic ? 1 : 0.25,
    num_classes: 0,
    conv_layer: "timm.layers.create_conv2d",
    norm_layer: "timm.layers.BatchNormAct2d",
    // timm has no such stem: the arguments of the convolution that is to replace model.stem
    ...!pooled && {
      stem: {
        kernel_size: size,
        stride,
        padding: (size - 1) / 2,
        bias: false,
      },
    },
  };
  return {
    format: "pt",
    timm_ResNetV2: JSON.stringify(resNetV2),
    ...describe(contents.description),
  };
}

/**
 * Gives a model that is not on a device yet the weights of a timm file to start from: all of the
 * residual network's, and those of the last normalisation where the model has all stages of the
 * file. What else a file holds, such as a classifier, is left alone.
 *
 * @param bytes A safetensors file with the names of timm's `resnetv2`.
 * @param name Names the file in errors.
 * @throws {UserError} if the encoder is not a residual network, or the file is damaged, lacks a tensor
 * of it or has one in another shape.
 */
export function importTimm(
  { model, parameters }: Pick<BuiltModel, "model" | "parameters">,
  bytes: Uint8Array,
  name: string,
): void {
  if (!(model.encoder instanceof ResNet)) {
    throw new UserError(
      `${name} is for a residual network; set encoder.name to resnet, or leave out initialWeights`,
    );
  }
  const { tensors } = decodeSafetensors(bytes, name);
  const states = namedStates(model);
  const lastNorm = lastNormOf(model);
  const take = (own: string, fits: (tensor: StoredTensor) => boolean) => {
    const timm = timmName(own, lastNorm);
    if (timm === undefined) return undefined;
    const stored = tensors[timm];
    const tensor = stored && isConvolution(stored)
      ? permuted(stored, FROM_PYTORCH)
      : stored;
    if (tensor && fits(tensor)) return tensor.data;
    // the file's may belong to a stage that this model does not have
    if (timm.startsWith("norm.")) return undefined;
    throw new UserError(
      `${name} does not fit the encoder: its tensor ${timm} is ${
        stored ? `of shape [${stored.shape}]` : "missing"
      }; choose encoder.depth, encoder.width and encoder.stem as in that file`,
    );
  };
  const imported = new Map<Parameter, TensorData>();
  // a file that is refused leaves the model as it was
  const writes: (() => void)[] = [];
  for (const [own, parameter] of namedParameters(model)) {
    const { shape } = parameter;
    const data = take(own, (tensor) => sameShape(tensor.shape, shape));
    if (!data) continue;
    const offset = parameters.entries.get(own)?.offset;
    writes.push(() => parameters.storage.initial?.set(data, offset));
    imported.set(parameter, data);
  }
  for (const [own, { initial, source }] of states) {
    const data = source
      ? imported.get(source)
      : take(own, (tensor) => tensor.data.length === initial.length);
    if (data) writes.push(() => initial.set(data));
  }
  for (const write of writes) write();
}
