import { apply, type Definitions } from "../graph/definition.ts";
import type { Tensor } from "../graph/tensor.ts";

/** Its input, without a gradient. */
export interface StopGradientOperation {
  /** The discriminant of `Operation`. */
  readonly kind: "stopGradient";
}

/** Its first input; gradients go to the others. */
export interface CustomGradientOperation {
  /** The discriminant of `Operation`. */
  readonly kind: "customGradient";
  /** Gradients of all inputs but the first, given that of the result. */
  readonly backward: Backward;
}

/**
 * Gradients of a node with respect to its inputs, given that of its output. `undefined` where no
 * gradient flows.
 */
export type Backward = (
  outputGradient: Tensor,
) => readonly (Tensor | undefined)[];

/** Operations that say where gradients go. */
export type GradientFlowOperation =
  | StopGradientOperation
  | CustomGradientOperation;

/**
 * Definitions of the operations that say where gradients go.
 *
 * @internal
 */
export const gradientFlow: Definitions<GradientFlowOperation, "identity"> = {
  stopGradient: {
    role: "identity",
    infer: (_operation, [{ shape, dtype }]) => ({ shape, dtype }),
    gradient: () => "none",
  },
  customGradient: {
    role: "identity",
    infer: (_operation, [{ shape, dtype }]) => ({ shape, dtype }),
    gradient: (
      gradient,
      _node,
      { backward },
    ) => [undefined, ...backward(gradient)],
  },
};

/** The same values, with no gradient to what they were made from. */
export function stopGradient(x: Tensor): Tensor {
  return apply(gradientFlow.stopGradient, { kind: "stopGradient" }, [x]);
}

/**
 * `value` with a gradient of its own: `backward` maps the gradient of the result to those of
 * `inputs`, and nothing flows through `value`.
 */
export function customGradient(
  value: Tensor,
  inputs: readonly Tensor[],
  backward: Backward,
): Tensor {
  return apply(
    gradientFlow.customGradient,
    { kind: "customGradient", backward },
    [value, ...inputs],
  );
}
