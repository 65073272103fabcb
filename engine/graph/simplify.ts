import type { Communicator } from "../communicator.ts";
import { reachable } from "./gradient.ts";
import { definitionOf } from "./operations.ts";
import { constant, type Storage, Tensor } from "./tensor.ts";

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
  const unique = new Map<string, Tensor>();
  const keyOf = nodeKeys();
  const nodes: Tensor[] = [];

  for (const original of reachable(roots)) {
    const { operation, shape, dtype } = original;
    const inputs = original.inputs.map((input) => replacement.get(input)!);
    if (definitionOf(operation).role === "identity") {
      replacement.set(original, inputs[0]);
      continue;
    }
    const rebuilt = inputs.every((input, i) => input === original.inputs[i])
      ? original
      : new Tensor(operation, inputs, shape, dtype);
    const node = fold(rebuilt);
    const key = keyOf(node);
    const twin = unique.get(key);
    if (!twin) {
      unique.set(key, node);
      nodes.push(node);
    }
    replacement.set(original, twin ?? node);
  }

  const resolve = (original: Tensor) => replacement.get(original)!;
  const needed = new Set(reachable(roots.map(resolve)));
  return { nodes: nodes.filter((node) => needed.has(node)), resolve };
}

/** A function that gives two nodes one key exactly if they have the same values. */
function nodeKeys(): (node: Tensor) => string {
  const numbers = new Map<Storage | Communicator, number>();
  // two that look alike are not the same
  const numberOf = (thing: Storage | Communicator) => {
    if (!numbers.has(thing)) numbers.set(thing, numbers.size);
    return numbers.get(thing);
  };
  const replacer = (key: string, value: unknown) =>
    key === "communicator"
      ? numberOf(value as Communicator)
      : distinctNumber(value);
  return ({ operation, inputs, shape, dtype }) => {
    if (operation.kind === "state") {
      // whatever name the view has
      const { storage, offset } = operation;
      return JSON.stringify(["state", numberOf(storage), offset, shape]);
    }
    const ids = inputs.map((input) => input.id);
    return JSON.stringify([operation, ids, shape, dtype], replacer);
  };
}

/** JSON has no NaN, no infinities and no negative zero. */
function distinctNumber(value: unknown): unknown {
  if (typeof value !== "number") return value;
  if (Object.is(value, -0)) return "-0";
  return Number.isFinite(value) ? value : String(value);
}

/** `node`, or a simpler node with the same values. */
function fold(node: Tensor): Tensor {
  const { operation, inputs: [x], shape } = node;
  const definition = definitionOf(operation);
  if (definition.role === "elementwise") {
    return definition.simplify?.(node, operation) ?? node;
  }
  return definition.role === "movement" && x.operation.kind === "constant"
    ? constant(x.operation.value, shape, x.operation.dtype)
    : node;
}
