/**
 * The names and the layout of timm's `resnetv2`, in which PyTorch reads and writes residual networks
 * with normalisation first.
 */
import { rowMajorStrides, sameShape } from "../../engine/graph/tensor.ts";
import { UserError } from "../../engine/user_error.ts";
import { namedParameters, namedStates } from "../../layers/module.ts";
import type { Parameter } from "../../layers/parameter.ts";
import { stems } from "../../layers/resnet.ts";
import { decodeSafetensors } from "../run/safetensors_bytes.ts";
import type { StoredTensor, TensorData } from "../run/safetensors_header.ts";
import type { ModelState } from "../run/training_state.ts";
import { describe, type EncoderContents } from "./encoder_file.ts";

type Tensors = Readonly<Record<string, StoredTensor>>;

/** What PyTorch calls the parts of a batch normalisation. */
const NORM_PARTS: Readonly<Record<string, string>> = {
  scale: "weight",
  shift: "bias",
  mean: "running_mean",
  variance: "running_var",
};

/** Names of the last normalisation of whole images, the first that a model has. */
const LAST_NORMS = ["doubleView.imageNetwork.norm", "patchNetwork.norm"];

/** What a tensor of the path of whole images is called in timm; `undefined` for any other tensor. */
function timmName(name: string, lastNorm: string): string | undefined {
  if (name === "encoder.stem.weight") return "stem.conv.weight";
  const part = NORM_PARTS[name.slice(name.lastIndexOf(".") + 1)];
  if (part && name.startsWith(`${lastNorm}.`)) return `norm.${part}`;
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
 */
export function toTimm({ tensors }: EncoderContents): Tensors {
  const lastNorm = LAST_NORMS.find((norm) => `${norm}.scale` in tensors);
  if (lastNorm === undefined) {
    throw new UserError("this encoder does not see whole images");
  }
  const renamed: Record<string, StoredTensor> = {};
  for (const [name, tensor] of Object.entries(tensors)) {
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
  { description }: EncoderContents,
  tensors: Tensors,
): Record<string, string> {
  const { size, stride, pooled } = stems[description.encoder.stem];
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
    // timm has no such stem: replace model.stem by this convolution alone
    ...!pooled && {
      stem:
        `Conv2d(kernel_size=${size}, stride=${stride}, padding=1, bias=False)`,
    },
  };
  return {
    format: "pt",
    timm_ResNetV2: JSON.stringify(resNetV2),
    ...describe(description),
  };
}

/**
 * Gives a model that is not on a device yet the weights of a timm file to start from: all of the
 * residual network's, and those of the last normalisation where the model has all stages of the
 * file. What else a file holds, such as a classifier, is left alone.
 *
 * @param bytes A safetensors file with the names of timm's `resnetv2`.
 * @param name Names the file in errors.
 * @throws {UserError} if the file is damaged, or lacks a tensor of the residual network or has it
 * in another shape.
 */
export function importTimm(
  { model, parameters }: ModelState,
  bytes: Uint8Array,
  name: string,
): void {
  const { tensors } = decodeSafetensors(bytes, name);
  const states = namedStates(model);
  const names = [...parameters.entries.keys(), ...states.keys()];
  const lastNorm = LAST_NORMS.find((norm) => names.includes(`${norm}.scale`));
  const take = (own: string, fits: (tensor: StoredTensor) => boolean) => {
    const timm = timmName(own, lastNorm ?? "");
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
  for (const [own, parameter] of namedParameters(model)) {
    const { shape } = parameter;
    const data = take(own, (tensor) => sameShape(tensor.shape, shape));
    if (!data) continue;
    parameters.storage.initial?.set(data, parameters.entries.get(own)?.offset);
    imported.set(parameter, data);
  }
  for (const [own, { initial, source }] of states) {
    const data = source
      ? imported.get(source)
      : take(own, (tensor) => tensor.data.length === initial.length);
    if (data) initial.set(data);
  }
}
