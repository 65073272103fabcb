/**
 * Operations on symbolic tensors, made for `import * as ops`.
 *
 * @module
 */
export {
  abs,
  add,
  cast,
  clamp,
  divide,
  equal,
  erf,
  exp,
  floor,
  gelu,
  isFinite,
  less,
  log,
  maximum,
  minimum,
  multiply,
  negate,
  type Operand,
  relu,
  select,
  sqrt,
  square,
  subtract,
  tanh,
} from "./elementwise.ts";
export {
  type Backward,
  customGradient,
  stopGradient,
} from "./gradient_flow.ts";
export { iota } from "./iota.ts";
export { materialize } from "./materialize.ts";
export {
  broadcastTo,
  concatenate,
  pad,
  permute,
  reshape,
  slice,
  sliceAxis,
} from "./movement.ts";
export { allGather, allReduce } from "./collective.ts";
export {
  argmax,
  max,
  mean,
  min,
  type ReductionOptions,
  sum,
  variance,
} from "./reduction.ts";
export { convolution } from "./convolution.ts";
export { matmul, type TransposeOptions } from "./matmul.ts";
export { maxPool } from "./pooling.ts";
export type { Window } from "./window.ts";
export { gather, scatterAdd } from "./indexing.ts";
export { dropout, normalArray, philox, RandomSource } from "./random.ts";
export {
  batchNorm,
  type BatchNormalization,
  l2Normalize,
  layerNorm,
  softmax,
} from "./normalization.ts";
export { attention, type AttentionOptions } from "./attention.ts";
