import { reachable } from "./gradient.ts";
import { constant, type Operation, type Storage, Tensor } from "./tensor.ts";

/** A graph without duplicates: nodes in order, and which of them stands for each original node. */
export interface SimpleGraph {
  /** Nodes, inputs before their users. */
  readonly nodes: readonly Tensor[];
  /** The node that gives the same values as an original one. */
  readonly resolve: (original: Tensor) => Tensor;
}

/**
 * Removes what only differentiation needed (stopped and custom gradients), merges equal nodes, and
 * folds arithmetic with constants that changes nothing.
 */
export function simplify(roots: readonly Tensor[]): SimpleGraph {
  const replacement = new Map<Tensor, Tensor>();
  const known = new Map<string, Tensor>();
  const storages = new Map<Storage, number>();
  const nodes: Tensor[] = [];

  const keyOf = ({ operation, inputs, shape, dtype }: Tensor): string => {
    const ids = inputs.map((input) => input.id);
    if (operation.kind !== "state") {
      return JSON.stringify([operation, ids, shape, dtype]);
    }
    const { storage, offset } = operation;
    if (!storages.has(storage)) storages.set(storage, storages.size);
    return JSON.stringify(["state", storages.get(storage), offset, shape]);
  };

  for (const original of reachable(roots)) {
    const { operation, shape, dtype } = original;
    const inputs = original.inputs.map((input) => replacement.get(input)!);
    if (
      operation.kind === "stopGradient" || operation.kind === "customGradient"
    ) {
      replacement.set(original, inputs[0]);
      continue;
    }
    const rebuilt = inputs.every((input, i) => input === original.inputs[i])
      ? original
      : new Tensor(operation, inputs, shape, dtype);
    const node = fold(rebuilt);
    const key = keyOf(node);
    const twin = known.get(key);
    if (!twin) {
      known.set(key, node);
      nodes.push(node);
    }
    replacement.set(original, twin ?? node);
  }

  const resolve = (original: Tensor) => replacement.get(original)!;
  const needed = new Set(reachable(roots.map(resolve)));
  return { nodes: nodes.filter((node) => needed.has(node)), resolve };
}

function valueOf({ operation }: Tensor): number | undefined {
  return operation.kind === "constant" ? operation.value : undefined;
}

/** `node`, or a simpler node with the same values. */
function fold(node: Tensor): Tensor {
  const { operation, inputs, shape, dtype } = node;
  if (dtype === "u8") return node;
  const [a, b] = inputs.map(valueOf);
  const filled = (value: number) => constant(value, shape, dtype);
  if (isMovement(operation) && a !== undefined) return filled(a);
  if (
    operation.kind === "unary" && operation.name === "negate" && a !== undefined
  ) return filled(-a);
  if (operation.kind !== "binary") return node;
  switch (operation.name) {
    case "add":
      if (a !== undefined && b !== undefined) return filled(a + b);
      return a === 0 ? inputs[1] : b === 0 ? inputs[0] : node;
    case "subtract":
      return b === 0 ? inputs[0] : node;
    case "multiply":
      if (a !== undefined && b !== undefined) return filled(a * b);
      return a === 1 ? inputs[1] : b === 1 ? inputs[0] : node;
    case "divide":
      return b === 1 ? inputs[0] : node;
    default:
      return node;
  }
}

function isMovement({ kind }: Operation): boolean {
  return kind === "reshape" || kind === "permute" || kind === "expand" ||
    kind === "slice";
}
