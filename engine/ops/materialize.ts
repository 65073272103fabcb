import { apply, type Definitions } from "../graph/definition.ts";
import type { Tensor } from "../graph/tensor.ts";

/** Its input, computed once and stored. */
export interface MaterializeOperation {
  /** The discriminant of `Operation`. */
  readonly kind: "materialize";
}

/**
 * Definition of the operation that stores its input.
 *
 * @internal
 */
export const storing: Definitions<MaterializeOperation, "barrier"> = {
  materialize: {
    role: "barrier",
    infer: (_operation, [{ shape, dtype }]) => ({ shape, dtype }),
    gradient: (gradient) => [gradient],
  },
};

/**
 * The same values, computed once and kept for all that use them. Where several users need the very
 * same number, as a search for the position of a maximum does, computing it again could round
 * differently.
 */
export function materialize(x: Tensor): Tensor {
  return apply(storing.materialize, { kind: "materialize" }, [x]);
}
