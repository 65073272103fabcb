import { directScheme } from "./direct_product.ts";
import type { Product, ProductScheme } from "./matrix.ts";
import { element, type Operand } from "./operand.ts";
import { elementPass, type Lowered } from "./shader.ts";
import { tiledScheme } from "./tiled_product.ts";

/** `tiled` uses workgroup memory, for GPUs; `direct` relies on caches, for shaders run by a processor. */
export type ProductSchemeName = "tiled" | "direct";

const schemes: Record<ProductSchemeName, ProductScheme> = {
  tiled: tiledScheme,
  direct: directScheme,
};

/**
 * The passes that compute a product into `output`, row-major `[batch, m, n]`. Where the result is
 * small and the inner axis is long (gradients of weights), that axis is cut into parts, and a
 * second pass adds the partial results in order.
 */
export function lowerProduct(
  product: Product,
  output: Operand,
  schemeName: ProductSchemeName,
): Lowered {
  const { batch, m, n, k } = product;
  const scheme = schemes[schemeName];
  const { parts: wanted, depth } = scheme.cut(product);
  const length = Math.ceil(k / Math.max(1, wanted) / depth) * depth;
  const parts = Math.ceil(k / length);
  if (parts === 1) {
    return {
      passes: [
        scheme.pass(product, k, (position) => element(output, position)),
      ],
    };
  }
  const size = batch * m * n;
  const passes = [
    scheme.pass(
      product,
      length,
      (position) => `scratch[part * ${size}u + ${position}]`,
    ),
    elementPass(
      size,
      `var sum = 0f;
for (var part = 0u; part < ${parts}u; part++) { sum += scratch[part * ${size}u + id]; }
${element(output, "id")} = sum;`,
    ),
  ];
  return { passes, scratch: { type: "f32", size: parts * size } };
}
