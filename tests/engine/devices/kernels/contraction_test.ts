/**
 * Matrix products and convolutions of both devices: engine/devices/wasm/calls/matmul.ts,
 * engine/devices/wasm/calls/convolution.ts, engine/devices/wasm/calls/split_sum.ts,
 * engine/devices/webgpu/contraction.ts, engine/devices/webgpu/product.ts,
 * engine/devices/webgpu/tiled_product.ts, engine/devices/webgpu/direct_product.ts and
 * engine/devices/webgpu/matrix.ts.
 */
import type { Device } from "../../../../engine/devices/device.ts";
import type {
  ConvolutionKernel,
  ImageGeometry,
  MatmulKernel,
} from "../../../../engine/compile/kernel.ts";
import { randomArray } from "../../../random.ts";
import { testOnDevices, testOnWebGpu } from "../../devices.ts";
import { assertClose, type KernelCase, runKernels } from "./harness.ts";
import { naiveConvolution, naiveMatmul } from "./naive.ts";

/** Registers a test on all devices, and on WebGPU also of the scheme that is not its default there. */
function testOnSchemes(
  name: string,
  test: (device: Device) => Promise<void>,
): void {
  testOnDevices(name, test);
  testOnWebGpu(`${name} (tiled)`, test, "tiled");
}

interface ProductCase extends KernelCase {
  readonly name: string;
  readonly expected: ArrayLike<number>;
  /** Products that each result sums. */
  readonly terms: number;
}

async function check(
  device: Device,
  cases: readonly ProductCase[],
): Promise<void> {
  const results = await runKernels(device, cases);
  cases.forEach(({ name, expected, terms }, i) => {
    // uniform numbers in [-1, 1) have a variance of 1/3
    const deviation = Math.sqrt(terms) / 3;
    assertClose(results[i], expected, 1e-5, name, deviation);
  });
}

/** A plain product; `transposed` operands are stored with their axes exchanged. */
function product(
  m: number,
  n: number,
  k: number,
  transposed = "",
): MatmulKernel {
  return {
    kind: "matmul",
    batch: [],
    m,
    n,
    k,
    a: { offset: 0, strides: transposed.includes("a") ? [1, m] : [k, 1] },
    b: { offset: 0, strides: transposed.includes("b") ? [1, k] : [n, 1] },
  };
}

const products: Record<string, MatmulKernel> = {
  "of single elements": product(1, 1, 1),
  "that fills its tiles": product(64, 128, 32),
  "of prime sizes in small tiles": product(37, 41, 43),
  "of prime sizes in tiles of 64": product(577, 1567, 29, "a"),
  "of prime sizes in tiles of 128": {
    kind: "matmul",
    batch: [257],
    m: 67,
    n: 131,
    k: 19,
    a: { offset: 0, strides: [1273, 1, 67] },
    b: { offset: 0, strides: [2489, 131, 1] },
  },
  "with both operands transposed": product(67, 35, 17, "ab"),
  "of a row by a column, cut into parts": product(1, 1, 5003),
  "of few tiles and a long inner axis, cut into parts": product(
    67,
    33,
    4099,
    "a",
  ),
  "in tiles of 64, cut into parts": product(65, 67, 32771, "b"),
  "with more workgroups than fit along one axis": {
    kind: "matmul",
    batch: [70001],
    m: 1,
    n: 1,
    k: 2,
    a: { offset: 0, strides: [2, 2, 1] },
    b: { offset: 0, strides: [2, 1, 1] },
  },
  "over two batch loops, one of them repeating an operand": {
    kind: "matmul",
    batch: [3, 5],
    m: 7,
    n: 9,
    k: 11,
    a: { offset: 2, strides: [77, 0, 11, 1] },
    b: { offset: 3, strides: [9, 297, 27, 1] },
  },
  "over a batch cut into parts": {
    kind: "matmul",
    batch: [2],
    m: 5,
    n: 3,
    k: 1500,
    a: { offset: 0, strides: [7500, 1, 5] },
    b: { offset: 0, strides: [4500, 1, 1500] },
  },
};

/** Elements that a view reaches. */
function extent(
  { offset, strides }: MatmulKernel["a"],
  loops: readonly number[],
): number {
  return strides.reduce(
    (end, stride, loop) => end + stride * (loops[loop] - 1),
    offset,
  ) + 1;
}

testOnSchemes(
  "lowerMatmul: products of any shape and strides equal their definition",
  (device) =>
    check(
      device,
      Object.entries(products).map(([name, kernel]) => {
        const { batch, m, n, k } = kernel;
        const a = randomArray(extent(kernel.a, [...batch, m, k]));
        const b = randomArray(extent(kernel.b, [...batch, k, n]));
        const expected = naiveMatmul(kernel, a, b);
        return {
          name: `a product ${name}`,
          kernel,
          inputs: [a, b],
          size: expected.length,
          expected,
          terms: k,
        };
      }),
    ),
);

/** Products that are in tiles of 128 when there are many of them. */
const repeatedProducts = {
  "that fills its tiles": { one: product(128, 128, 24), count: 256 },
  "that is cut into parts": { one: product(67, 65, 2053, "a"), count: 128 },
};

testOnWebGpu(
  "lowerMatmul: products in tiles of 128 equal their definition (tiled)",
  (device) =>
    check(
      device,
      Object.entries(repeatedProducts).map(([name, { one, count }]) => {
        const { m, n, k } = one;
        const [a, b] = [randomArray(m * k), randomArray(k * n)];
        const repeat = ({ offset, strides }: MatmulKernel["a"]) => ({
          offset,
          strides: [0, ...strides],
        });
        const kernel: MatmulKernel = {
          ...one,
          batch: [count],
          a: repeat(one.a),
          b: repeat(one.b),
        };
        const expected = naiveMatmul(one, a, b);
        return {
          name: `a product ${name}`,
          kernel,
          inputs: [a, b],
          size: count * m * n,
          expected: Array.from({ length: count }, () => expected).flat(),
          terms: k,
        };
      }),
    ),
  "tiled",
);

function geometry(
  sizes: Omit<ImageGeometry, "outHeight" | "outWidth">,
): ImageGeometry {
  const { size, stride, padding } = sizes.window;
  const count = (length: number) =>
    Math.floor((length + 2 * padding - size) / stride) + 1;
  return {
    ...sizes,
    outHeight: count(sizes.height),
    outWidth: count(sizes.width),
  };
}

const geometries: Record<string, ImageGeometry> = {
  "3x3 with padding": geometry({
    n: 2,
    height: 9,
    width: 11,
    inputs: 5,
    outputs: 7,
    window: { size: 3, stride: 1, padding: 1 },
  }),
  "7x7 with stride 2, as in a stem": geometry({
    n: 3,
    height: 17,
    width: 14,
    inputs: 3,
    outputs: 34,
    window: { size: 7, stride: 2, padding: 3 },
  }),
  "3x3 of whole tiles of channels": geometry({
    n: 3,
    height: 6,
    width: 5,
    inputs: 16,
    outputs: 24,
    window: { size: 3, stride: 2, padding: 1 },
  }),
  "2x2 with stride 3, which skips pixels": geometry({
    n: 1,
    height: 10,
    width: 12,
    inputs: 4,
    outputs: 2,
    window: { size: 2, stride: 3, padding: 0 },
  }),
  "one pixel wide, 5x5": geometry({
    n: 2,
    height: 13,
    width: 1,
    inputs: 9,
    outputs: 3,
    window: { size: 5, stride: 2, padding: 2 },
  }),
  "with enough pixels that the gradient of the weight is cut into parts":
    geometry({
      n: 5,
      height: 16,
      width: 15,
      inputs: 4,
      outputs: 3,
      window: { size: 3, stride: 1, padding: 1 },
    }),
};

const passes = ["forward", "inputGradient", "weightGradient"] as const;

function checkConvolutions(
  device: Device,
  geometries: Readonly<Record<string, ImageGeometry>>,
): Promise<void> {
  return check(
    device,
    Object.entries(geometries).flatMap(([name, geometry]) => {
      const { n, height, width, inputs, outHeight, outWidth, outputs } =
        geometry;
      const taps = geometry.window.size ** 2;
      const terms = {
        forward: taps * inputs,
        inputGradient: taps * outputs,
        weightGradient: n * outHeight * outWidth,
      };
      const x = randomArray(n * height * width * inputs);
      const weight = randomArray(taps * inputs * outputs);
      const y = randomArray(n * outHeight * outWidth * outputs);
      const operands = {
        forward: [x, weight],
        inputGradient: [y, weight],
        weightGradient: [x, y],
      };
      return passes.map((pass) => {
        const kernel: ConvolutionKernel = {
          kind: "convolution",
          pass,
          geometry,
        };
        const [first, second] = operands[pass];
        const expected = naiveConvolution(kernel, first, second);
        return {
          name: `${pass} of ${name}`,
          kernel,
          inputs: operands[pass],
          size: expected.length,
          expected,
          terms: terms[pass],
        };
      });
    }),
  );
}

testOnSchemes(
  "lowerConvolution: all passes equal their definition",
  (device) => checkConvolutions(device, geometries),
);

const largeGeometries: Record<string, ImageGeometry> = {
  "so many pixels that those of images are in tiles of 64": geometry({
    n: 1,
    height: 129,
    width: 128,
    inputs: 33,
    outputs: 35,
    window: { size: 2, stride: 1, padding: 1 },
  }),
  "so many channels that that of weights is in tiles of 64": geometry({
    n: 2,
    height: 3,
    width: 3,
    inputs: 341,
    outputs: 347,
    window: { size: 3, stride: 2, padding: 1 },
  }),
};

testOnWebGpu(
  "lowerConvolution: all passes in larger tiles equal their definition (tiled)",
  (device) => checkConvolutions(device, largeGeometries),
  "tiled",
);
