// deno-lint-ignore-file no-import-prefix -- fetched for the benchmark alone, and in no lock file
import type * as tfjs from "npm:@tensorflow/tfjs@4.22.0";
import type { DType, Shape } from "../../engine/graph/tensor.ts";
import type { HostValues, Operand, Operations } from "./graph.ts";

/** The library. */
export type Tfjs = typeof tfjs;

/** The operations of a graph in TensorFlow.js. */
export function tfjsOperations(tf: Tfjs): Operations<tfjs.Tensor> {
  type Value = tfjs.Tensor;
  const typeOf = (dtype: DType) => dtype === "f32" ? "float32" : "int32";
  const tensor = (x: Operand<Value>, dtype: DType = "f32"): Value =>
    typeof x === "number" ? tf.scalar(x, typeOf(dtype)) : x;

  /** There is no function that stops gradients, but what is made in here has none and forgets its inputs. */
  const constant = (make: () => Value): Value =>
    tf.customGrad(() => ({ value: make(), gradFunc: () => [] }))();

  const unary = (apply: (x: Value) => Value) => (x: Operand<Value>) =>
    apply(tensor(x));
  type Apply = (a: Value, b: Value) => Value;
  const binary =
    (apply: Apply) => (a: Operand<Value>, b: Operand<Value>, dtype: DType) =>
      apply(tensor(a, dtype), tensor(b, dtype));
  const comparison =
    (apply: Apply) => (a: Operand<Value>, b: Operand<Value>, dtype: DType) =>
      constant(() =>
        tf.cast(apply(tensor(a, dtype), tensor(b, dtype)), typeOf(dtype))
      );
  const images = (x: Value) => x as tfjs.Tensor4D;

  return {
    unary: {
      negate: unary(tf.neg),
      exp: unary(tf.exp),
      log: unary(tf.log),
      sqrt: unary(tf.sqrt),
      tanh: unary(tf.tanh),
      erf: unary(tf.erf),
      abs: unary(tf.abs),
      floor: unary((x) => constant(() => tf.floor(x))),
    },
    binary: {
      add: binary(tf.add),
      subtract: binary(tf.sub),
      multiply: binary(tf.mul),
      divide: binary(tf.div),
      // turned round, since of two equal arguments the first one gets the gradient here
      maximum: binary((a, b) => tf.maximum(b, a)),
      minimum: binary((a, b) => tf.minimum(b, a)),
      less: comparison(tf.less),
      equal: comparison(tf.equal),
    },
    relu: (x) => tf.relu(tensor(x)),
    select: (condition, a, b, dtype) =>
      tf.where(
        constant(() => tf.notEqual(tensor(condition), tensor(0))),
        tensor(a, dtype),
        tensor(b, dtype),
      ),
    cast: (x, dtype) => constant(() => tf.cast(tensor(x), typeOf(dtype))),
    stopGradient: (x) => constant(() => tf.clone(x)),
    full: (shape, value, dtype) => tf.fill([...shape], value, typeOf(dtype)),
    // not broadcastTo, which reads tensors of rank 5 and 6 back on WebGPU and does not differentiate them
    broadcast: (x, shape) => tf.add(x, tf.zeros([...shape], x.dtype)),
    reshape: (x, shape) => tf.reshape(x, [...shape]),
    permute: (x, axes) => tf.transpose(x, [...axes]),
    slice: (x, starts, sizes) =>
      starts.reduce((part, start, axis) => {
        const { shape } = part;
        const size = sizes[axis];
        if (size === shape[axis]) return part;
        // the gradient is a pad, which on WebGPU has at most 4 axes: [before, axis, after]
        const after = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
        const flat = tf.reshape(part, [-1, shape[axis], after]);
        const cut = tf.slice(flat, [0, start, 0], [-1, size, after]);
        return tf.reshape(cut, shape.with(axis, size));
      }, x),
    pad: (x, before, after) =>
      tf.pad(x, before.map((count, i): [number, number] => [count, after[i]])),
    concatenate: (parts, axis) => tf.concat([...parts], axis),
    reduce: (name, x, axes) => tf[name](x, [...axes], true),
    softmax: (x) => tf.softmax(x),
    matmul: (a, b, transposeA, transposeB) =>
      tf.matMul(a, b, transposeA, transposeB),
    convolution: (x, weight, { stride, padding }) =>
      tf.conv2d(images(x), images(weight), stride, padding),
    maxPool: (x, { size, stride, padding }) =>
      tf.maxPool(images(x), size, stride, padding),
    gather: (table, indices) => tf.gather(table, indices as tfjs.Tensor1D),
    scatterAdd: (rows, indices, updates) =>
      tf.unsortedSegmentSum(updates, indices as tfjs.Tensor1D, rows),
  };
}

/** Makes a tensor of values of the host. */
export function tensorOf(
  tf: Tfjs,
  values: HostValues["values"],
  shape: Shape,
): tfjs.Tensor {
  return values instanceof Float32Array
    ? tf.tensor(values, [...shape])
    : tf.tensor(Int32Array.from(values), [...shape], "int32");
}
