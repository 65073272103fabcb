import type { Communicator } from "../communicator.ts";
import { apply, type Definitions } from "../graph/definition.ts";
import type { Tensor } from "../graph/tensor.ts";
import { multiply } from "./elementwise.ts";
import { concatenate, reshape, sliceAxis } from "./movement.ts";

/** An exchange between processes; the methods of `Communicator` say what each does. */
export type Collective = "allReduce" | "allGather" | "reduceScatter";

/** Values exchanged with the other processes that run the same program. */
export interface CollectiveOperation {
  /** The discriminant of `Operation`. */
  readonly kind: "collective";
  /** Which exchange. */
  readonly name: Collective;
  /** The processes. */
  readonly communicator: Communicator;
}

/** Rows of the result of each exchange, given the rows of its input and the number of ranks. */
const rowsOf: Readonly<
  Record<Collective, (rows: number, ranks: number) => number>
> = {
  allReduce: (rows) => rows,
  allGather: (rows, ranks) => rows * ranks,
  reduceScatter: (rows, ranks) => rows / ranks,
};

/** The exchange by which the gradient of each exchange travels. */
const gradientOf: Readonly<Record<Collective, Collective>> = {
  allReduce: "allReduce",
  allGather: "reduceScatter",
  reduceScatter: "allGather",
};

/**
 * Definition of the operation that exchanges values. Its gradient is that of the sum of the losses of
 * all ranks.
 *
 * @internal
 */
export const collective: Definitions<CollectiveOperation, "kernel"> = {
  collective: {
    role: "kernel",
    operands: "stored",
    infer({ name, communicator }, [x]) {
      if (x.dtype === "u8" || name !== "allGather" && x.dtype !== "f32") {
        throw new TypeError(`${name} cannot take ${x.dtype}; cast it`);
      }
      if (name !== "allReduce" && x.shape.length === 0) {
        throw new RangeError(`${name} needs a tensor of rows, not one number`);
      }
      const [rows = 1, ...row] = x.shape;
      const shape = [rowsOf[name](rows, communicator.size), ...row];
      return { shape: x.shape.length === 0 ? [] : shape, dtype: x.dtype };
    },
    gradient: (gradient, { dtype }, { name, communicator }) =>
      dtype === "f32"
        ? [exchange(gradientOf[name], gradient, communicator)]
        : "none",
  },
};

function exchange(
  name: Collective,
  x: Tensor,
  communicator: Communicator,
): Tensor {
  return communicator.size === 1 ? x : apply(
    collective.collective,
    { kind: "collective", name, communicator },
    [x],
  );
}

/** The sum of the `x` of all ranks. Its gradient is the sum of the gradients of all ranks. */
export function allReduce(x: Tensor, communicator: Communicator): Tensor {
  return exchange("allReduce", x, communicator);
}

/**
 * The `x` of all ranks one after another: `[n, ...]` -> `[ranks * n, ...]`. The gradient of each part
 * is the sum of what all ranks contribute to it.
 */
export function allGather(x: Tensor, communicator: Communicator): Tensor {
  return exchange("allGather", x, communicator);
}

/** The sums over all ranks of several tensors, in one exchange. */
export function allReduceTogether(
  tensors: readonly Tensor[],
  communicator: Communicator,
): readonly Tensor[] {
  if (communicator.size === 1) return tensors;
  const flat = concatenate(tensors.map((x) => reshape(x, [x.size])));
  const sums = allReduce(flat, communicator);
  let start = 0;
  return tensors.map(({ shape, size }) =>
    reshape(sliceAxis(sums, 0, start, start += size), shape)
  );
}

/** The means over all ranks of several tensors, in one exchange. */
export function allMean(
  tensors: readonly Tensor[],
  communicator: Communicator,
): readonly Tensor[] {
  const { size } = communicator;
  const sums = allReduceTogether(tensors, communicator);
  return size === 1 ? sums : sums.map((sum) => multiply(sum, 1 / size));
}
