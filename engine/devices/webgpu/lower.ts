import type { FusedKernel, Kernel } from "../../compile/kernel.ts";
import type { Expression } from "../../compile/expression.ts";
import { lowerConvolution, lowerMatmul } from "./contraction.ts";
import { lowerFused } from "./fused.ts";
import { lowerGather, lowerScatter } from "./indexing.ts";
import { type Operand, typeOf } from "./operand.ts";
import { lowerPool } from "./pooling.ts";
import type { ProductSchemeName } from "./product.ts";
import type { Lowered } from "./shader.ts";

/**
 * The shaders that compute a kernel.
 *
 * @param size elements of the output
 * @param scheme how products are computed
 */
export function lower(
  kernel: Kernel,
  inputs: readonly Operand[],
  output: Operand,
  size: number,
  scheme: ProductSchemeName,
): Lowered {
  switch (kernel.kind) {
    case "fused":
      return lowerFused(kernel, inputs, output);
    case "matmul":
      return lowerMatmul(kernel, inputs, output, scheme);
    case "convolution":
      return lowerConvolution(kernel, inputs, output, scheme);
    case "pool":
      return lowerPool(kernel, inputs, output);
    case "gather":
      return lowerGather(kernel, inputs, output);
    case "scatterAdd":
      return lowerScatter(kernel, inputs, output);
    case "zero":
      return lowerFused(
        fill(size, { kind: "constant", value: 0, dtype: typeOf(output.dtype) }),
        inputs,
        output,
      );
    case "copy": {
      const view = { offset: 0, strides: [1] };
      return lowerFused(
        fill(size, { kind: "load", input: 0, dtype: output.dtype, view }),
        inputs,
        output,
      );
    }
    case "collective":
    case "wait":
      return { passes: [] };
  }
}

/** A kernel that sets each of `size` elements to `body`. */
function fill(size: number, body: Expression): FusedKernel {
  const dtype = typeOf(body.dtype);
  return {
    kind: "fused",
    loops: [size],
    kept: 1,
    body,
    epilogue: { kind: "reduced", dtype },
    output: { offset: 0, strides: [1] },
    dtype,
  };
}
