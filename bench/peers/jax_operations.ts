import type { DType } from "../../engine/graph/tensor.ts";
import type { Operand, Operations } from "./graph.ts";

/** The library. */
export type Jax = typeof import("npm:@jax-js/jax@0.1.25");

/** An array of the library, or a stand-in while it traces. A call uses up its arguments; `x.ref` is for keeping. */
export type JaxArray = InstanceType<Jax["Array"]>;

/** What the library runs on. */
export type Backend = "wasm" | "webgpu";

/** The operations of a graph in jax-js, whose convolutions and pools are NCHW. */
export function jaxOperations(
  jax: Jax,
  backend: Backend,
): Operations<JaxArray> {
  const { numpy: np, nn, lax, DType } = jax;
  const keep = (x: Operand<JaxArray>) => typeof x === "number" ? x : x.ref;
  const dtypes = {
    f32: DType.Float32,
    i32: DType.Int32,
    u32: DType.Uint32,
    u8: DType.Uint32,
  };
  const unary =
    (apply: (x: JaxArray | number) => JaxArray) => (x: Operand<JaxArray>) =>
      apply(keep(x));
  type Apply = (a: JaxArray | number, b: JaxArray | number) => JaxArray;
  const binary =
    (apply: Apply) => (a: Operand<JaxArray>, b: Operand<JaxArray>) =>
      apply(keep(a), keep(b));
  // not a cast of the booleans, whose derivative would be boolean
  const comparison =
    (apply: Apply) =>
    (a: Operand<JaxArray>, b: Operand<JaxArray>, dtype: DType) =>
      np.where(
        apply(keep(a), keep(b)),
        one(dtype),
        np.zeros([], {
          dtype: dtypes[dtype],
        }),
      );
  const one = (dtype: DType) => np.ones([], { dtype: dtypes[dtype] });
  const toNCHW = (x: JaxArray) => np.transpose(x, [0, 3, 1, 2]);
  const toNHWC = (x: JaxArray) => np.transpose(x, [0, 2, 3, 1]);
  const around = (padding: number): [number, number] => [padding, padding];
  const swapLast = (x: JaxArray, transpose: boolean) =>
    transpose ? np.matrixTranspose(x.ref) : x.ref;

  return {
    unary: {
      negate: unary(np.negative),
      exp: unary(np.exp),
      log: unary(np.log),
      sqrt: unary(np.sqrt),
      tanh: unary(np.tanh),
      erf: unary(lax.erf),
      abs: unary(np.absolute),
      floor: unary(np.floor),
    },
    binary: {
      add: binary(np.add),
      subtract: binary(np.subtract),
      multiply: binary(np.multiply),
      divide: binary(np.trueDivide),
      // turned round, since of two equal arguments the first one gets the gradient here
      maximum: binary((a, b) => np.maximum(b, a)),
      minimum: binary((a, b) => np.minimum(b, a)),
      less: comparison(np.less),
      equal: comparison(np.equal),
    },
    relu: (x) => np.maximum(0, keep(x)),
    select: (condition, a, b) =>
      np.where(np.notEqual(keep(condition), 0), keep(a), keep(b)),
    cast: (x, dtype) => np.astype(keep(x), dtypes[dtype]),
    stopGradient: (x) => lax.stopGradient(x.ref),
    full: (shape, value, dtype) =>
      np.full([...shape], value, { dtype: dtypes[dtype] }),
    broadcast: (x, shape) => np.broadcastTo(x.ref, [...shape]),
    reshape: (x, shape) => np.reshape(x.ref, [...shape]),
    permute: (x, axes) => np.transpose(x.ref, [...axes]),
    slice: (x, starts, sizes) =>
      x.ref.slice(
        ...starts.map((
          start,
          i,
        ): [number, number] => [start, start + sizes[i]]),
      ),
    pad: (x, before, after) =>
      np.pad(
        x.ref,
        before.map((count, i): [number, number] => [count, after[i]]),
      ),
    concatenate: (parts, axis) =>
      np.concatenate(parts.map((part) => part.ref), axis),
    reduce: (name, x, axes) => np[name](x.ref, [...axes], { keepdims: true }),
    softmax: (x) => nn.softmax(x.ref),
    matmul: (a, b, transposeA, transposeB) =>
      np.matmul(swapLast(a, transposeA), swapLast(b, transposeB)),
    convolution: (x, weight, { stride, padding }) =>
      toNHWC(lax.convGeneralDilated(
        toNCHW(x.ref),
        np.transpose(weight.ref, [3, 2, 0, 1]),
        [stride, stride],
        [around(padding), around(padding)],
      )),
    maxPool: (x, { size, stride, padding }) => {
      const width = [around(0), around(0), around(padding), around(padding)];
      const images = toNCHW(x.ref);
      const inside = np.pad(np.ones(images.shape), width);
      const padded = np.where(
        np.notEqual(inside, 0),
        np.pad(images, width),
        -Infinity,
      );
      return toNHWC(
        lax.reduceWindow(padded, np.max, [size, size], [stride, stride]),
      );
    },
    ...backend === "wasm" ? rowsByIndex(jax) : rowsByProduct(jax),
    release: (x) => x.dispose(),
  };
}

type RowOperations = Pick<Operations<JaxArray>, "gather" | "scatterAdd">;

function rowsByIndex({ numpy: np, lax, vjp }: Jax): RowOperations {
  /**
   * The derivative of this is a scatter, which 0.1.25 cannot compile with a reshaped array as its
   * input: neither the indices nor the gradient arrive here as such.
   */
  const rowsAt = (table: JaxArray, indices: JaxArray) => {
    const rows = np.take(table, lax.stopGradient(indices.ref), 0);
    return np.negative(np.negative(rows));
  };
  return {
    gather: (table, indices) => rowsAt(table.ref, indices),
    scatterAdd(rows, indices, updates) {
      // there is no public scatter, but scattering is how a gather is differentiated
      const [y, transpose] = vjp(
        (table: JaxArray) => rowsAt(table, indices),
        [np.zeros([rows, ...updates.shape.slice(1)])],
      );
      y.dispose();
      const [sums] = transpose(updates.ref);
      transpose.dispose();
      return sums;
    },
  };
}

/** Deno does not compile the shader of a scatter: it passes a pointer to storage to a function. */
function rowsByProduct({ numpy: np, nn }: Jax): RowOperations {
  return {
    gather: (table, indices) =>
      np.tensordot(nn.oneHot(indices.ref, table.shape[0]), table.ref, 1),
    scatterAdd: (rows, indices, updates) =>
      np.tensordot(
        np.transpose(nn.oneHot(indices.ref, rows)),
        updates.ref,
        1,
      ),
  };
}
