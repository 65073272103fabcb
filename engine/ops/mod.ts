/**
 * Operations on symbolic tensors, made for `import * as ops`.
 *
 * @module
 */
export {
  abs,
  add,
  type Backward,
  cast,
  clamp,
  customGradient,
  divide,
  equal,
  erf,
  exp,
  floor,
  gelu,
  iota,
  isFinite,
  less,
  log,
  materialize,
  maximum,
  minimum,
  multiply,
  negate,
  type Operand,
  relu,
  select,
  sqrt,
  square,
  stopGradient,
  subtract,
  tanh,
} from "./elementwise.ts";
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
export {
  convolution,
  matmul,
  maxPool,
  type TransposeOptions,
  type Window,
} from "./contraction.ts";
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
