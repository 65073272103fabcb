import { attention } from "../../../engine/ops/attention.ts";
import {
  averagePool,
  convolution,
  matmul,
  maxPool,
} from "../../../engine/ops/contraction.ts";
import {
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
  iota,
  less,
  log,
  maximum,
  minimum,
  multiply,
  negate,
  relu,
  select,
  sqrt,
  stopGradient,
  subtract,
  tanh,
} from "../../../engine/ops/elementwise.ts";
import { gather, scatterAdd } from "../../../engine/ops/indexing.ts";
import {
  broadcastTo,
  concatenate,
  pad,
  permute,
  reshape,
  slice,
  sliceAxis,
} from "../../../engine/ops/movement.ts";
import {
  batchNorm,
  cosineSimilarity,
  l2Normalize,
  layerNorm,
  normalizeWith,
  softmax,
} from "../../../engine/ops/normalization.ts";
import { dropout, RandomSource } from "../../../engine/ops/random.ts";
import {
  argmax,
  max,
  mean,
  min,
  sum,
  variance,
} from "../../../engine/ops/reduction.ts";
import {
  constant,
  input,
  type Shape,
  type Tensor,
} from "../../../engine/graph/tensor.ts";
import { checkForward, checkOperation, type CheckOptions } from "../compare.ts";
import { randomArray } from "../../random.ts";
import { testOnDevices } from "../devices.ts";

function test(
  name: string,
  shapes: readonly Shape[],
  operation: (...inputs: Tensor[]) => Tensor,
  options?: CheckOptions,
): void {
  testOnDevices(
    `${name} on ${shapes.map((shape) => `[${shape}]`).join(" ")}`,
    (device) => checkOperation(device, shapes, operation, options),
  );
}

// elementwise, on one element, a prime number of elements and more than a vector
for (const shape of [[1], [13], [5, 67]]) {
  test("add and subtract", [shape, shape], (a, b) => subtract(add(a, 2), b));
  test(
    "multiply and divide",
    [shape, shape],
    (a, b) => divide(multiply(a, 3), b),
    { low: 0.5, high: 2 },
  );
  test(
    "maximum and minimum",
    [shape, shape],
    (a, b) => minimum(maximum(a, b), multiply(b, -1.5)),
  );
  test("exp", [shape], exp, { low: -20, high: 5, gradient: false });
  test("exp near zero", [shape], exp);
  test("log", [shape], log, { low: 0.05, high: 20 });
  test("sqrt", [shape], sqrt, { low: 0.1, high: 9 });
  test("tanh", [shape], tanh, { low: -4, high: 4 });
  test("tanh of large values", [shape], tanh, {
    low: -100,
    high: 100,
    gradient: false,
  });
  test("erf", [shape], erf, { low: -4, high: 4 });
  test("gelu", [shape], gelu, { low: -4, high: 4 });
  test(
    "relu, abs, negate and clamp",
    [shape],
    (x) => add(relu(x), add(abs(negate(x)), clamp(x, -0.4, 0.3))),
  );
  test(
    "floor, less and equal",
    [shape, shape],
    (a, b) =>
      add(
        multiply(less(a, b), 4),
        equal(floor(multiply(a, 2)), floor(multiply(b, 2))),
      ),
    { gradient: false },
  );
  test(
    "select",
    [shape, shape],
    (a, b) => select(less(a, b), multiply(a, 2), b),
  );
}

test(
  "broadcasting",
  [[3, 1, 5], [4, 1], [1]],
  (a, b, c) => multiply(add(a, b), c),
);
test(
  "a stopped gradient",
  [[7]],
  (x) => add(x, subtract(square7(x), stopGradient(square7(x)))),
  {
    gradient: false,
  },
);
function square7(x: Tensor): Tensor {
  return multiply(x, x);
}
test(
  "casts and positions",
  [[3, 11]],
  (x) =>
    add(cast(cast(multiply(x, 50), "i32"), "f32"), iota([3, 11], 1, "f32")),
  { gradient: false },
);

// reductions: along rows, along columns, in the middle, long ones in parts
test("sum of everything", [[7, 3, 5]], (x) => sum(x));
test("sum over rows", [[37, 19]], (x) => sum(x, { axes: [0] }));
test("sum over columns", [[37, 19]], (x) => sum(x, { axes: [1] }));
test(
  "sum over outer and inner axes",
  [[5, 7, 6]],
  (x) => sum(x, { axes: [0, 2] }),
);
test(
  "mean over the middle",
  [[5, 7, 6]],
  (x) => mean(x, { axes: [1], keepAxes: true }),
);
test("a long sum in parts", [[4096, 5]], (x) => sum(x, { axes: [0] }), {
  tolerance: 1e-4,
});
test(
  "a long sum of one value in parts",
  [[128, 64]],
  (x) => mean(multiply(x, x)),
);
test(
  "a long sum with an epilogue that reads",
  [[2048, 3], [3]],
  (x, y) => multiply(mean(x, { axes: [0] }), y),
);
test("maximum along an axis", [[6, 17]], (x) => max(x, { axes: [1] }));
test("maximum over rows", [[17, 6]], (x) => max(x, { axes: [0] }));
test("minimum of everything", [[11, 3]], (x) => min(x));
test("variance", [[9, 13]], (x) => variance(x, { axes: [0] }));
test("argmax", [[9, 31]], (x) => cast(argmax(x, 1), "f32"), {
  gradient: false,
});

// movements
test("permute", [[3, 4, 5]], (x) => permute(x, [2, 0, 1]));
test(
  "reshape of a computed value, merging axes",
  [[3, 4, 5]],
  (x) => reshape(permute(x, [1, 0, 2]), [4, 15]),
);
test(
  "reshape of a computed value, splitting an axis",
  [[4, 15]],
  (x) => reshape(multiply(x, 2), [4, 3, 5]),
);
test("slice", [[5, 7, 3]], (x) => slice(x, [1, 2, 0], [3, 4, 2]));
test("slice along the last axis", [[5, 7]], (x) => sliceAxis(x, -1, 3, 6));
test("pad", [[2, 3]], (x) => pad(x, [1, 0], [2, 4]));
test(
  "concatenate along the first axis",
  [[2, 5], [64, 5]],
  (a, b) => concatenate([multiply(a, 2), b, a]),
);
test(
  "concatenate along the last axis",
  [[3, 2], [3, 5]],
  (a, b) => concatenate([a, b, a], -1),
);
test(
  "concatenate of products in place",
  [[8, 16], [16, 8]],
  (a, b) =>
    concatenate([reshape(matmul(a, b), [64]), reshape(matmul(b, a), [256])]),
);
test("broadcast", [[3, 1]], (x) => broadcastTo(x, [2, 3, 4]));

// matrix products
for (
  const [m, k, n] of [[1, 1, 1], [7, 13, 5], [6, 8, 8], [67, 131, 19], [
    64,
    64,
    64,
  ], [130, 3, 33]]
) {
  test("matrix product", [[m, k], [k, n]], (a, b) => matmul(a, b));
}
test(
  "matrix product of a transposed left operand",
  [[13, 7], [13, 5]],
  (a, b) => matmul(a, b, { transposeA: true }),
);
test(
  "matrix product of a transposed right operand",
  [[7, 13], [5, 13]],
  (a, b) => matmul(a, b, { transposeB: true }),
);
test(
  "matrix product of transposed operands",
  [[13, 7], [5, 13]],
  (a, b) => matmul(a, b, { transposeA: true, transposeB: true }),
);
test(
  "batched matrix product",
  [[5, 3, 7, 4], [5, 3, 4, 6]],
  (a, b) => matmul(a, b),
);
test(
  "batched matrix product with a shared left operand",
  [[7, 4], [9, 4, 6]],
  (a, b) => matmul(a, b),
);
test(
  "matrix product of rows in a batch",
  [[3, 5, 7], [7, 4]],
  (a, b) => matmul(a, b),
);
test(
  "matrix product that reads permuted operands",
  [[4, 3, 6], [3, 6, 5]],
  (a, b) => matmul(permute(a, [1, 0, 2]), b),
);
test(
  "matrix product with no contiguous axis",
  [[5, 4, 2], [3, 4, 6]],
  (a, b) =>
    matmul(
      reshape(sliceAxis(permute(a, [2, 0, 1]), 0, 0, 1), [5, 4]),
      reshape(sliceAxis(b, 0, 1, 2), [4, 6]),
    ),
);
test(
  "matrix product with a long inner axis",
  [[3, 2500], [2500, 5]],
  (a, b) => matmul(a, b),
  {
    tolerance: 1e-4,
  },
);

for (const k of [1024, 1031]) {
  test(
    "matrix product of a transposed left operand with a long inner axis",
    [[k, 7], [k, 9]],
    (a, b) => matmul(a, b, { transposeA: true }),
    { tolerance: 1e-4 },
  );
}

// convolutions: [n, height, width, inputs], size, outputs, stride, padding
for (
  const [shape, size, outputs, stride, padding] of [
    [[1, 1, 1, 1], 1, 1, 1, 0],
    [[2, 5, 7, 3], 3, 5, 1, 1],
    [[2, 5, 7, 3], 3, 9, 2, 1],
    [[2, 8, 8, 16], 3, 17, 1, 1],
    [[1, 9, 11, 3], 7, 8, 2, 3],
    [[3, 6, 6, 4], 1, 7, 2, 0],
    [[3, 4, 4, 12], 1, 8, 1, 0],
    [[2, 4, 5, 70], 3, 66, 1, 1],
    [[40, 6, 6, 5], 3, 11, 1, 1],
    // pixels summed in parts, in vectors of channels
    [[30, 7, 5, 13], 3, 10, 1, 1],
    // few pixels, many channels
    [[1, 3, 3, 20], 3, 40, 1, 1],
    // strides make classes of pixels, some of which no window sees
    [[2, 7, 8, 9], 3, 10, 3, 1],
    [[2, 9, 7, 8], 2, 11, 3, 0],
  ] as [number[], number, number, number, number][]
) {
  test(
    `convolution with stride ${stride} and padding ${padding}`,
    [shape, [size, size, shape[3], outputs]],
    (x, w) => convolution(x, w, { stride, padding }),
    { tolerance: 5e-5 },
  );
}

for (
  const window of [{ size: 3, stride: 2, padding: 1 }, {
    size: 2,
    stride: 2,
    padding: 0,
  }]
) {
  test(
    `max pooling ${window.size}/${window.stride}`,
    [[2, 7, 9, 5]],
    (x) => maxPool(x, window),
  );
  test(
    `average pooling ${window.size}/${window.stride}`,
    [[2, 7, 9, 5]],
    (x) => averagePool(x, window),
  );
}

testOnDevices(
  "the first of equal maxima takes the gradient",
  async (device) => {
    const { gradient } = await import("../../../engine/graph/gradient.ts");
    const x = input("x", [1, 3, 3, 1]);
    const y = maxPool(x, { size: 2, stride: 1, padding: 0 });
    await checkForward(device, gradient(sum(y), [x]), {
      x: new Float32Array(9),
    });
  },
);

// normalisation, softmax, attention
test(
  "batch normalisation",
  [[5, 3, 4, 6], [6], [6]],
  (x, scale, shift) => batchNorm(x, scale, shift).output,
  { tolerance: 1e-4 },
);
test(
  "batch normalisation of long columns",
  [[64, 8, 8, 3], [3], [3]],
  (x, scale, shift) => batchNorm(x, scale, shift).output,
  { tolerance: 1e-4 },
);
test(
  "normalisation with given statistics",
  [[7, 5], [5], [5], [5], [5]],
  (x, m, v, scale, shift) =>
    normalizeWith(x, { mean: m, variance: v }, scale, shift),
  { low: 0.3, high: 2 },
);
test(
  "layer normalisation",
  [[3, 5, 19], [19], [19]],
  (x, scale, shift) => layerNorm(x, scale, shift),
  {
    tolerance: 1e-4,
  },
);
test("softmax", [[5, 3, 17]], (x) => softmax(multiply(x, 5)));
test("unit length", [[6, 11]], (x) => l2Normalize(x));
test("cosine similarity", [[6, 11], [9, 11]], cosineSimilarity);
test(
  "attention",
  [[2, 5, 12], [2, 7, 12], [2, 7, 12]],
  (q, k, v) => attention(q, k, v, { heads: 3 }),
);
test(
  "attention with a key mask",
  [[2, 5, 12], [2, 5, 12], [2, 5, 12]],
  (q, k, v) =>
    attention(q, k, v, {
      heads: 2,
      keyMask: less(iota([2, 5], 1, "f32"), 3),
    }),
);

// tables
testOnDevices(
  "gather clamps and scatterAdd skips indices outside the table",
  async (device) => {
    const table = input("table", [7, 3]);
    const indices = input("indices", [11], "i32");
    const updates = input("updates", [11, 3]);
    await checkForward(device, [
      gather(table, indices),
      scatterAdd(7, indices, updates),
    ], {
      table: randomArray(21),
      indices: new Int32Array([0, 6, 6, 3, -2, 9, 3, 3, 1, 0, 5]),
      updates: randomArray(33),
    });
  },
);
for (const [rows, count, width] of [[5, 1, 1], [13, 64, 7], [300, 1000, 5]]) {
  test(
    `gather ${count} of ${rows} rows`,
    [[rows, width]],
    (table) => gather(table, positions(count, rows)),
  );
  test(
    `scatter ${count} updates to ${rows} rows`,
    [[count, width]],
    (updates) => scatterAdd(rows, positions(count, rows), updates),
  );
}
/** Spread-out positions with repetitions: the squares modulo the number of rows. */
function positions(count: number, rows: number): Tensor {
  const n = iota([count], 0, "f32");
  const squares = multiply(n, n);
  return cast(
    subtract(squares, multiply(floor(divide(squares, rows)), rows)),
    "i32",
  );
}

// random numbers and bytes
for (const shape of [[1], [13], [5, 67]]) {
  testOnDevices(
    `random numbers are those of the host on [${shape}]`,
    async (device) => {
      const random = new RandomSource(input("key", [2], "u32"));
      const first = random.uniform(shape);
      const outputs = [
        first,
        random.uniform(shape),
        dropout(constant(1, shape), 0.4, random),
      ];
      const key = crypto.getRandomValues(new Uint32Array(2));
      await checkForward(device, outputs, { key }, 1e-7);
    },
  );
}
testOnDevices("bytes become numbers", async (device) => {
  const bytes = input("bytes", [5, 7], "u8");
  const outputs = [
    cast(bytes, "f32"),
    permute(cast(bytes, "f32"), [1, 0]),
    cast(sliceAxis(bytes, 1, 3, 6), "i32"),
  ];
  await checkForward(device, outputs, {
    bytes: crypto.getRandomValues(new Uint8Array(35)),
  }, 0);
});
