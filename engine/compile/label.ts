import type { Tensor } from "../graph/tensor.ts";

/** Movements between an operation and the parameters that its label names. */
const MAX_DEPTH = 2;

/** What a node is, for messages: operation, shape, and the parameters that it works on. */
export function labelOf(node: Tensor): string {
  const { operation } = node;
  const kind = operation.kind === "input" || operation.kind === "state"
    ? `${operation.kind} ${operation.name}`
    : "name" in operation
    ? operation.name
    : operation.kind;
  const names = new Set<string>();
  const visit = (input: Tensor, depth: number) => {
    if (input.operation.kind === "state") names.add(input.operation.name);
    else if (depth > 0) input.inputs.forEach((next) => visit(next, depth - 1));
  };
  node.inputs.forEach((input) => visit(input, MAX_DEPTH));
  const parameters = names.size > 0 ? ` with ${[...names].join(", ")}` : "";
  return `${kind} [${node.shape}]${parameters}`;
}
