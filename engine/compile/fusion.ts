import { groupAxes } from "./index_map.ts";
import type { SimpleGraph } from "../graph/simplify.ts";
import type { Tensor } from "../graph/tensor.ts";

/**
 * Decides which nodes get a buffer of their own ("stored") and which are computed inside the
 * kernels that use them ("lazy"). A lazy value is computed once per user, so it is stored where
 * that costs more than writing and reading it would.
 */

/** Above this cost a value with several users is stored. */
const RECOMPUTE_LIMIT = 16;
/** Above this cost a value is stored before it is repeated along an axis. */
const REPEAT_LIMIT = 2;
/** Above this cost a value is stored even for one user, to keep kernels of a moderate size. */
const KERNEL_COST_LIMIT = 250;
/** Buffers that one kernel reads: WebGPU guarantees eight, and one is the output. */
const READ_LIMIT = 7;

const unaryCosts: Record<string, number> = {
  negate: 1,
  abs: 1,
  floor: 1,
  sqrt: 4,
};
const TRANSCENDENTAL_COST = 12;
const DIVISION_COST = 4;
const RANDOM_COST = 40;

/** What fusion decided. */
export interface Fusion {
  /** Whether the node has a buffer: a leaf, the result of a kernel, or another shape of one. */
  isStored(node: Tensor): boolean;
  /** The reduction whose result this stored node is, after an elementwise epilogue. */
  reductionOf(node: Tensor): Tensor | undefined;
}

/** Decides for a graph of which `roots` must be stored. */
export function fuse(graph: SimpleGraph, roots: ReadonlySet<Tensor>): Fusion {
  const users = usersOf(graph);
  const stored = new Set<Tensor>();
  const carried = new Map<Tensor, Tensor>();
  const costs = new Map<Tensor, number>();
  const reads = new Map<Tensor, ReadonlySet<Tensor>>();

  const store = (node: Tensor) => {
    stored.add(node);
    costs.set(node, 0);
    reads.set(node, new Set([node]));
  };
  const isLazy = (node: Tensor) => !stored.has(node);

  /** A value of the size of a reduction, made from it alone: its epilogue can go on through `user`. */
  const continues = (node: Tensor): boolean => {
    const consumers = users.get(node)!;
    if (roots.has(node) || consumers.length !== 1) return false;
    const [user] = consumers;
    if (user.size !== node.size) return false;
    if (user.operation.kind === "reshape") {
      return groupAxes(user.shape, node.shape) !== undefined;
    }
    return ["unary", "binary", "select", "cast"].includes(user.operation.kind);
  };

  for (const node of graph.nodes) {
    const { operation, inputs } = node;
    if (operation.kind === "input" || operation.kind === "state") {
      store(node);
      continue;
    }
    if (operation.kind === "reshape") {
      if (
        isLazy(inputs[0]) &&
        groupAxes(node.shape, inputs[0].shape) === undefined
      ) store(inputs[0]);
      if (!isLazy(inputs[0])) {
        store(node);
        continue;
      }
    }
    if (operation.kind === "materialize") {
      store(inputs[0]);
      store(node);
      continue;
    }
    if (operation.kind === "expand" && costs.get(inputs[0])! > REPEAT_LIMIT) {
      store(inputs[0]);
    }
    if (needsStoredInputs(node)) inputs.forEach((input) => store(input));
    if (operation.kind === "matmul") {
      inputs.forEach((input) => store(withoutMovement(input, stored)));
    }

    // at most one reduction can end in one kernel
    const carriers = inputs.filter((input) =>
      isLazy(input) && carried.has(input)
    );
    carriers.slice(1).forEach(store);
    const readBy = () =>
      new Set(inputs.flatMap((input) => [...reads.get(input)!]));
    if (isElementwise(node) || operation.kind === "reduce") {
      for (
        const input of [...inputs].sort((a, b) =>
          reads.get(b)!.size - reads.get(a)!.size
        )
      ) {
        if (readBy().size > READ_LIMIT && isLazy(input)) store(input);
      }
    }
    costs.set(
      node,
      inputs.reduce((sum, input) => sum + costs.get(input)!, ownCost(node)),
    );
    reads.set(node, readBy());

    if (operation.kind === "reduce") {
      carriers.forEach(store);
      if (continues(node)) carried.set(node, node);
      else store(node);
      continue;
    }
    if (!isElementwise(node)) {
      store(node);
      continue;
    }
    const reduction = carriers.length > 0 && isLazy(carriers[0])
      ? carried.get(carriers[0])
      : undefined;
    if (reduction) {
      carried.set(node, reduction);
      if (!continues(node)) store(node);
    }
    if (
      roots.has(node) || costs.get(node)! > KERNEL_COST_LIMIT ||
      isDearToRepeat(node)
    ) store(node);
  }

  function isDearToRepeat(node: Tensor): boolean {
    if (users.get(node)!.length < 2) return false;
    const large = [...reads.get(node)!].filter((leaf) =>
      leaf.size * 2 > node.size
    );
    return costs.get(node)! > RECOMPUTE_LIMIT ||
      (costs.get(node)! > 0 && large.length > 2);
  }

  return {
    isStored: (node) => stored.has(node),
    reductionOf: (node) => carried.get(node),
  };
}

/** Stores every value: a slow reference for what {@linkcode fuse} decides. */
export const unfused: Fusion = {
  isStored: () => true,
  reductionOf: () => undefined,
};

function usersOf({ nodes }: SimpleGraph): Map<Tensor, Tensor[]> {
  const users = new Map<Tensor, Tensor[]>(nodes.map((node) => [node, []]));
  for (const node of nodes) {
    new Set(node.inputs).forEach((input) => users.get(input)!.push(node));
  }
  return users;
}

const elementwise = [
  "constant",
  "iota",
  "random",
  "unary",
  "binary",
  "select",
  "cast",
  "reshape",
  "permute",
  "expand",
  "slice",
];

function isElementwise(node: Tensor): boolean {
  return elementwise.includes(node.operation.kind);
}

/** Kernels with a fixed way of reading: whole row-major buffers. */
function needsStoredInputs(node: Tensor): boolean {
  return !isElementwise(node) &&
    !["reduce", "matmul", "pad", "concatenate"].includes(node.operation.kind);
}

/** The node below permutations, slices and repetitions; a matrix product reads through those by strides. */
function withoutMovement(node: Tensor, stored: ReadonlySet<Tensor>): Tensor {
  let base = node;
  while (!stored.has(base)) {
    const { kind } = base.operation;
    const passes = kind === "slice" || kind === "expand" ||
      kind === "permute" || kind === "reshape";
    if (!passes) return base;
    base = base.inputs[0];
  }
  return base;
}

function ownCost({ operation }: Tensor): number {
  switch (operation.kind) {
    case "random":
      return RANDOM_COST;
    case "unary":
      return unaryCosts[operation.name] ?? TRANSCENDENTAL_COST;
    case "binary":
      return operation.name === "divide" ? DIVISION_COST : 1;
    case "iota":
    case "select":
    case "cast":
      return 1;
    default:
      return 0;
  }
}
