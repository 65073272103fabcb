import { add } from "../ops/elementwise.ts";
import { definitionOf } from "./operations.ts";
import { constant, sameShape, type Tensor } from "./tensor.ts";

/** All nodes that `roots` depend on, inputs before their users. */
export function reachable(roots: readonly Tensor[]): Tensor[] {
  const seen = new Set<Tensor>();
  const pending = [...roots];
  for (let node = pending.pop(); node; node = pending.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    pending.push(...node.inputs);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}

/**
 * Reverse-mode differentiation on the graph: tensors for the gradients of `loss` (one element) with
 * respect to `targets`. A target that the loss does not depend on gets zeros.
 *
 * @throws {RangeError} if the loss has more than one element, or an operation gives an input a
 * gradient of another shape.
 * @throws {TypeError} if an operation has no gradient, gives too few or too many, or one of another
 * element type.
 */
export function gradient(loss: Tensor, targets: readonly Tensor[]): Tensor[] {
  if (loss.size !== 1) {
    throw new RangeError(`a loss has one element, not [${loss.shape}]`);
  }
  const nodes = reachable([loss]);
  const dependsOnTarget = new Set(targets);
  for (const node of nodes) {
    if (node.inputs.some((input) => dependsOnTarget.has(input))) {
      dependsOnTarget.add(node);
    }
  }
  const gradients = new Map<Tensor, Tensor>([[loss, constant(1, loss.shape)]]);
  for (const node of nodes.reverse()) {
    const outputGradient = gradients.get(node);
    if (!outputGradient || !dependsOnTarget.has(node)) continue;
    const contributions = inputGradients(node, outputGradient);
    node.inputs.forEach((input, i) => {
      const contribution = contributions[i];
      if (!contribution || !dependsOnTarget.has(input)) return;
      const sum = gradients.get(input);
      gradients.set(input, sum ? add(sum, contribution) : contribution);
    });
  }
  return targets.map((target) =>
    gradients.get(target) ?? constant(0, target.shape)
  );
}

/** What the operation of `node` contributes to the gradient of each of its inputs, checked. */
function inputGradients(
  node: Tensor,
  outputGradient: Tensor,
): readonly (Tensor | undefined)[] {
  const { operation, inputs } = node;
  const contributions = definitionOf(operation)
    .gradient(outputGradient, node, operation);
  if (contributions === "none") return [];
  if (contributions === "unsupported") {
    throw new TypeError(`${operation.kind} cannot be differentiated`);
  }
  if (contributions.length !== inputs.length) {
    throw new TypeError(
      `${operation.kind} gives ${contributions.length} gradients for ${inputs.length} inputs`,
    );
  }
  contributions.forEach((contribution, i) => {
    if (!contribution) return;
    const { shape, dtype } = inputs[i];
    if (dtype !== "f32" || contribution.dtype !== dtype) {
      throw new TypeError(
        `${operation.kind} gives input ${i}, ${dtype}, a gradient of ${contribution.dtype}; only f32 has one`,
      );
    }
    if (!sameShape(contribution.shape, shape)) {
      throw new RangeError(
        `${operation.kind} gives input ${i} of [${shape}] a gradient of [${contribution.shape}]`,
      );
    }
  });
  return contributions;
}
