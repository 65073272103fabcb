import protobuf from "protobufjs";
import configuration from "../../deno.json" with { type: "json" };
import schema from "./protobuf/onnx.proto" with { type: "text" };
import type { Stem } from "../../layers/resnet.ts";
import type { StoredTensor } from "../run/safetensors_header.ts";
import { describe, type EncoderContents } from "./encoder_file.ts";
import { stemOf, toTimm } from "./timm.ts";

const { root } = protobuf.parse(schema, { keepCase: true });
const ModelProto = root.lookupType("onnx.ModelProto");
const { FLOAT } = root.lookupEnum("onnx.TensorProto.DataType").values;
const { INT, INTS } =
  root.lookupEnum("onnx.AttributeProto.AttributeType").values;

/** Versions that every present runtime reads. */
const IR_VERSION = 7;
const OPERATOR_SET = 13;

/** Names of what the network takes and gives. */
const INPUT = "images";
const OUTPUT = "features";

/**
 * The path of whole images of an encoder as an ONNX model: `images`, `[batch, 3, height, width]`,
 * normalised, to `features`, `[batch, width]`. How images are prepared stands in its metadata.
 *
 * @throws {UserError} if the encoder is not a residual network.
 */
export function toOnnx(contents: EncoderContents): Uint8Array {
  const tensors = toTimm(contents);
  const { description } = contents;
  const { crop } = description.preprocessing;
  const nodes = nodesOf(tensors, stemOf(contents));
  const graph = {
    name: "encoder",
    node: nodes,
    initializer: Object.entries(tensors).map(([name, { shape, data }]) => ({
      name,
      dims: shape,
      data_type: FLOAT,
      raw_data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    })),
    input: [valueInfo(INPUT, 3, crop, crop)],
    output: [valueInfo(OUTPUT, tensors["norm.weight"].shape[0])],
  };
  const model = {
    ir_version: IR_VERSION,
    producer_name: configuration.name,
    producer_version: description.packageVersion,
    opset_import: [{ domain: "", version: OPERATOR_SET }],
    graph,
    metadata_props: Object.entries(describe(description)).map(
      ([key, value]) => ({ key, value }),
    ),
  };
  return ModelProto.encode(ModelProto.fromObject(model)).finish();
}

/** A tensor of the model's own: a batch of values of a shape. */
function valueInfo(name: string, ...shape: readonly number[]) {
  const sizes = shape.map((dim_value) => ({ dim_value }));
  const dim = [{ dim_param: "batch" }, ...sizes];
  return { name, type: { tensor_type: { elem_type: FLOAT, shape: { dim } } } };
}

/** The operations of a residual network whose tensors have timm's names, in order. */
function nodesOf(
  tensors: Readonly<Record<string, StoredTensor>>,
  stem: Stem,
) {
  const nodes: object[] = [];
  /** Adds an operation; returns the name of its result. */
  const add = (
    op_type: string,
    input: readonly string[],
    attributes: Readonly<Record<string, number | readonly number[]>> = {},
    output = `${op_type}_${nodes.length}`,
  ) => {
    const attribute = Object.entries(attributes).map(([name, value]) =>
      typeof value === "number"
        ? { name, type: INT, i: value }
        : { name, type: INTS, ints: value }
    );
    nodes.push({ name: output, op_type, input, output: [output], attribute });
    return output;
  };
  const convolution = (x: string, name: string, stride: number) => {
    const [, , size] = tensors[`${name}.weight`].shape;
    return add("Conv", [x, `${name}.weight`], {
      kernel_shape: [size, size],
      strides: [stride, stride],
      pads: new Array(4).fill((size - 1) / 2),
    });
  };
  const normRelu = (x: string, name: string) => {
    const parts = ["weight", "bias", "running_mean", "running_var"];
    // epsilon is 1e-5 by default, as in PyTorch
    const normalized = add("BatchNormalization", [
      x,
      ...parts.map((part) => `${name}.${part}`),
    ]);
    return add("Relu", [normalized]);
  };

  let x = convolution(INPUT, "stem.conv", stem.stride);
  if (stem.pooled) {
    x = add("MaxPool", [x], {
      kernel_shape: [3, 3],
      strides: [2, 2],
      pads: [1, 1, 1, 1],
    });
  }
  for (const block of blocksOf(tensors)) {
    const { prefix, stride, isBasic, hasDownsample } = block;
    // as in timm, the stride is that of the 3x3 convolution, the first of a basic block
    const strides = isBasic ? [stride, 1] : [1, stride, 1];
    let shortcut = x;
    strides.forEach((stride, i) => {
      x = normRelu(x, `${prefix}.norm${i + 1}`);
      if (i === 0 && hasDownsample) {
        shortcut = convolution(x, `${prefix}.downsample.conv`, block.stride);
      }
      x = convolution(x, `${prefix}.conv${i + 1}`, stride);
    });
    x = add("Add", [x, shortcut]);
  }
  x = add("GlobalAveragePool", [normRelu(x, "norm")]);
  add("Flatten", [x], { axis: 1 }, OUTPUT);
  return nodes;
}

/** The blocks of a residual network in order. */
function blocksOf(tensors: Readonly<Record<string, StoredTensor>>) {
  const blocks = [];
  for (let stage = 0;; stage++) {
    for (let index = 0;; index++) {
      const prefix = `stages.${stage}.blocks.${index}`;
      if (!(`${prefix}.conv1.weight` in tensors)) {
        if (index === 0) return blocks;
        break;
      }
      blocks.push({
        prefix,
        stride: stage > 0 && index === 0 ? 2 : 1,
        isBasic: !(`${prefix}.conv3.weight` in tensors),
        hasDownsample: `${prefix}.downsample.conv.weight` in tensors,
      });
    }
  }
}
