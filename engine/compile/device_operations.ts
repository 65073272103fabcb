import type { KindOf, Operation } from "../graph/operations.ts";
import { type Shape, sizeOf, type Tensor } from "../graph/tensor.ts";
import type { Window } from "../ops/window.ts";
import type { Fusion } from "./fusion.ts";
import type { Buffer, ImageGeometry, Kernel, Lowered } from "./kernel.ts";
import { lowerMatmul } from "./lower_matmul.ts";

/** How an operation with a kernel of its own becomes that kernel. */
interface Lowering<Op> {
  lower(node: Tensor, operation: Op, fusion: Fusion): Lowered;
}

const lowerings: {
  readonly [Kind in KindOf<"kernel">]: Lowering<
    Extract<Operation, { readonly kind: Kind }>
  >;
} = {
  matmul: { lower: lowerMatmul },
  convolution: {
    lower: (node, { window }) =>
      withInputs(node, {
        kind: "convolution",
        pass: "forward",
        geometry: geometryOf(node.inputs[0], node, window),
      }),
  },
  convolutionInputGradient: {
    lower: (node, { window }) =>
      withInputs(node, {
        kind: "convolution",
        pass: "inputGradient",
        geometry: geometryOf(node, node.inputs[0], window),
      }),
  },
  convolutionWeightGradient: {
    lower: (node, { window }) =>
      withInputs(node, {
        kind: "convolution",
        pass: "weightGradient",
        geometry: geometryOf(node.inputs[0], node.inputs[1], window),
      }),
  },
  maxPool: {
    lower: (node, { window }) =>
      withInputs(node, {
        kind: "pool",
        gradient: false,
        geometry: geometryOf(node.inputs[0], node, window),
      }),
  },
  maxPoolGradient: {
    lower: (node, { window }) =>
      withInputs(node, {
        kind: "pool",
        gradient: true,
        geometry: geometryOf(node, node.inputs[0], window),
      }),
  },
  gather: {
    lower(node) {
      const [table, indices] = node.inputs;
      return withInputs(node, {
        kind: "gather",
        rows: table.shape[0],
        count: indices.size,
        width: rowSize(table.shape),
      });
    },
  },
  scatterAdd: {
    lower: (node, { rows }) =>
      withInputs(node, {
        kind: "scatterAdd",
        rows,
        count: node.inputs[0].size,
        width: rowSize(node.shape),
      }),
  },
  collective: {
    lower: (node, { name, communicator }) =>
      withInputs(node, { kind: "collective", name, communicator }),
  },
};

const lowerTable: Readonly<Record<KindOf<"kernel">, Lowering<Operation>>> =
  lowerings;

/**
 * The kernel of an operation whose role is `kernel`.
 *
 * @throws {TypeError} if it has another role.
 */
export function lowerDeviceOperation(node: Tensor, fusion: Fusion): Lowered {
  const { operation } = node;
  if (!isDeviceOperation(operation)) {
    throw new TypeError(`${operation.kind} has no kernel of its own`);
  }
  return lowerTable[operation.kind].lower(node, operation, fusion);
}

function isDeviceOperation(
  operation: Operation,
): operation is Extract<Operation, { readonly kind: KindOf<"kernel"> }> {
  return Object.hasOwn(lowerings, operation.kind);
}

/** A kernel that reads the inputs of `node` as they are. */
function withInputs(node: Tensor, kernel: Kernel): Lowered {
  return { kernel, reads: node.inputs };
}

function rowSize([, ...row]: Shape): number {
  return sizeOf(row);
}

function geometryOf(
  image: Tensor,
  result: Tensor,
  window: Window,
): ImageGeometry {
  const [n, height, width, inputs] = image.shape;
  const [, outHeight, outWidth, outputs] = result.shape;
  return { n, height, width, inputs, outHeight, outWidth, outputs, window };
}

/** How much there is to do. */
export interface Work {
  /** Multiplications and additions of matrix products and convolutions. */
  readonly products: number;
  /** Elements that all other kernels go through. */
  readonly elements: number;
}

interface WorkRule<Of extends Kernel> {
  work(kernel: Of, output: Buffer): Partial<Work>;
}

const workRules: {
  readonly [Kind in Kernel["kind"]]: WorkRule<
    Extract<Kernel, { readonly kind: Kind }>
  >;
} = {
  fused: { work: ({ loops }) => ({ elements: sizeOf(loops) }) },
  matmul: { work: ({ k }, { size }) => ({ products: 2 * size * k }) },
  convolution: {
    work: ({ geometry }) => ({
      products: 2 * windowPixels(geometry) * geometry.inputs,
    }),
  },
  pool: { work: ({ geometry }) => ({ elements: windowPixels(geometry) }) },
  gather: { work: (_kernel, { size }) => ({ elements: size }) },
  scatterAdd: { work: (_kernel, { size }) => ({ elements: size }) },
  zero: { work: (_kernel, { size }) => ({ elements: size }) },
  copy: { work: (_kernel, { size }) => ({ elements: size }) },
  collective: { work: () => ({}) },
  wait: { work: () => ({}) },
};

const workTable: Readonly<Record<Kernel["kind"], WorkRule<Kernel>>> = workRules;

/** The work of a kernel that writes `output`. */
export function kernelWork(kernel: Kernel, output: Buffer): Work {
  const { products = 0, elements = 0 } = workTable[kernel.kind]
    .work(kernel, output);
  return { products, elements };
}

/** Pixels that the windows of all outputs look at. */
function windowPixels(
  { n, outHeight, outWidth, outputs, window }: ImageGeometry,
): number {
  return n * outHeight * outWidth * outputs * window.size ** 2;
}
