/**
 * Layers: classes whose properties are their parameters, states and children.
 *
 * @module
 */
export {
  type Initializer,
  type LinearInitialization,
  Parameter,
} from "./parameter.ts";
export {
  EMBEDDING_DEVIATION,
  heNormal,
  LINEAR_DEVIATION,
  linearNormal,
} from "./parameter.ts";
export { State } from "./state.ts";
export { Context, type Sharing } from "./context.ts";
export { namedParameters, namedStates } from "./module.ts";
export {
  type PackedParameter,
  type PackedParameters,
  packParameters,
} from "./packing.ts";
export { Momentum } from "./momentum.ts";
export { Linear } from "./linear.ts";
export { Convolution } from "./convolution.ts";
export { BatchNorm, BatchNormRelu, LayerNorm } from "./norm.ts";
export { SelfAttention } from "./attention.ts";
export {
  Transformer,
  TransformerLayer,
  type TransformerOptions,
} from "./transformer.ts";
export type {
  Encoder,
  EncoderInput,
  EncoderKind,
  MapLayer,
} from "./encoder.ts";
export {
  Block,
  ResNet,
  type ResNetDepth,
  type ResNetEncoderOptions,
  type ResNetOptions,
  type StemName,
} from "./resnet.ts";
export { splitPatches } from "./patches.ts";
export { PatchNetwork } from "./patch_network.ts";
export { ImageNetwork } from "./image_network.ts";
export { drawMasks, type Masks, shareMasks } from "./masks.ts";
export {
  BatchNormProjection,
  createHead,
  type HeadKind,
  MlpProjection,
  Projection,
} from "./projection.ts";
export { AttentionExchange } from "./attention_exchange.ts";
export { AttentionPooling } from "./attention_pooling.ts";
