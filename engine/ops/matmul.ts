import { apply, type Definitions } from "../graph/definition.ts";
import {
  broadcastShapes,
  sameShape,
  type Shape,
  type Tensor,
} from "../graph/tensor.ts";
import { checkFloats } from "./check_floats.ts";
import { broadcastTo, reshape } from "./movement.ts";

/** A batch of matrix products over the last two axes. */
export interface MatmulOperation {
  /** The discriminant of `Operation`. */
  readonly kind: "matmul";
  /** Whether the last two axes of the first operand are exchanged. */
  readonly transposeA: boolean;
  /** Whether the last two axes of the second operand are exchanged. */
  readonly transposeB: boolean;
}

/**
 * Definition of matrix products.
 *
 * @internal
 */
export const products: Definitions<MatmulOperation, "kernel"> = {
  matmul: {
    role: "kernel",
    operands: "strided",
    infer(operation, [a, b]) {
      checkFloats("matmul", a, b);
      const { m, n } = productSizes(a.shape, b.shape, operation);
      const batch = a.shape.slice(0, -2);
      if (!sameShape(batch, b.shape.slice(0, -2))) {
        throw new RangeError(
          `matmul of [${a.shape}] and [${b.shape}]: leading axes differ`,
        );
      }
      return { shape: [...batch, m, n], dtype: "f32" };
    },
    gradient(gradient, { inputs: [a, b] }, { transposeA, transposeB }) {
      // y = a b  =>  da = dy b^T, db = a^T dy, each transposed again where its operand was
      return [
        transposeA
          ? matmul(b, gradient, { transposeA: transposeB, transposeB: true })
          : matmul(gradient, b, { transposeB: !transposeB }),
        transposeB
          ? matmul(gradient, a, { transposeA: true, transposeB: transposeA })
          : matmul(a, gradient, { transposeA: !transposeA }),
      ];
    },
  },
};

/** `[m, k]` times `[k, n]`, whatever is transposed and leads. */
function productSizes(
  a: Shape,
  b: Shape,
  { transposeA, transposeB }: TransposeOptions,
): { readonly m: number; readonly n: number; readonly k: number } {
  if (a.length < 2 || b.length < 2) {
    throw new RangeError(
      `matmul of [${a}] and [${b}]: both need at least two axes`,
    );
  }
  const [aRows, aColumns] = a.slice(-2);
  const [bRows, bColumns] = b.slice(-2);
  const [m, k] = transposeA ? [aColumns, aRows] : [aRows, aColumns];
  const [inner, n] = transposeB ? [bColumns, bRows] : [bRows, bColumns];
  if (k !== inner) {
    throw new RangeError(
      `matmul of [${a}] and [${b}]: inner sizes ${k} and ${inner} differ`,
    );
  }
  return { m, n, k };
}

/** Which operand of a matrix product is stored transposed. */
export interface TransposeOptions {
  /** Use the transpose of the last two axes of `a`. */
  readonly transposeA?: boolean;
  /** Use the transpose of the last two axes of `b`. */
  readonly transposeB?: boolean;
}

/**
 * Matrix product over the last two axes: `[..., m, k]` times `[..., k, n]` gives `[..., m, n]`;
 * leading axes broadcast.
 *
 * @throws {RangeError} if the inner sizes differ.
 */
export function matmul(
  a: Tensor,
  b: Tensor,
  options: TransposeOptions = {},
): Tensor {
  const { transposeA = false, transposeB = false } = options;
  const { n, k } = productSizes(a.shape, b.shape, options);
  if (b.shape.length === 2 && a.shape.length > 2 && !transposeA) {
    // [..., m, k] -> [rows, k]: one large product instead of many with the same right-hand side
    const product = matmul(reshape(a, [-1, k]), b, options);
    // [rows, n] -> [..., m, n]
    return reshape(product, [...a.shape.slice(0, -1), n]);
  }
  const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
  return apply(
    products.matmul,
    { kind: "matmul", transposeA, transposeB },
    [a, b].map((operand) =>
      broadcastTo(operand, [...batch, ...operand.shape.slice(-2)])
    ),
  );
}
