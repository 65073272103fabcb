import { identityMap } from "../graph/index_map.ts";
import { definitionOf } from "../graph/operations.ts";
import type { SimpleGraph } from "../graph/simplify.ts";
import type { Tensor } from "../graph/tensor.ts";
import { needsStoredOperands } from "./lower_matmul.ts";

/**
 * Decides which nodes get a buffer of their own ("stored") and which are computed inside the
 * kernels that use them ("lazy"). A lazy value is computed once per user, so it is stored where
 * that costs more than writing and reading it would.
 */

/** Above this cost a value with several users is stored. */
const MAX_RECOMPUTED_COST = 16;
/** Above this cost a value is stored before it is repeated along an axis. */
const MAX_REPEATED_COST = 2;
/** Above this cost a value is stored even for one user, to keep kernels of a moderate size. */
const MAX_KERNEL_COST = 250;
/** A cheap value with several users is stored where recomputing it would read more large buffers. */
const MAX_RECOMPUTED_READS = 2;
/**
 * Buffers that one kernel reads at most, where the device allows more. Measured on the preset `dv2`:
 * with 63 it has 4024 kernels instead of 4028, and needs 0.7 % more memory.
 */
export const MAX_FUSED_READS = 15;

/** What fusion decided. */
export interface Fusion {
  /** Whether the node has a buffer: a leaf, the result of a kernel, or another shape of one. */
  isStored(node: Tensor): boolean;
  /** The reduction whose result this stored node is, after an elementwise epilogue. */
  reductionOf(node: Tensor): Tensor | undefined;
}

/**
 * Decides for a graph of which `roots` must be stored.
 *
 * @param maxReads how many buffers one kernel may read; operations of more inputs read more
 */
export function fuse(
  graph: SimpleGraph,
  roots: ReadonlySet<Tensor>,
  maxReads: number,
): Fusion {
  // storing a node for the sake of a later one may add to what the nodes in between read: the pass
  // is then repeated with that node stored from the start
  let stored: ReadonlySet<Tensor> = roots;
  for (;;) {
    const decision = decide(graph, stored, maxReads);
    const fusion: Fusion = {
      isStored: (node) => decision.stored.has(node),
      reductionOf: (node) => decision.reductions.get(node),
    };
    const operands = graph.nodes
      .filter((node) => needsStoredOperands(node, fusion))
      .flatMap(({ inputs }) => inputs);
    const grows = decision.stored.size > stored.size;
    const isPossible = operands.length === 0 &&
      (!grows || readsAreLimited(graph, decision.stored, maxReads));
    if (isPossible) return fusion;
    stored = new Set([...decision.stored, ...operands]);
  }
}

/** Whether no fused kernel reads too many buffers. */
function readsAreLimited(
  { nodes }: SimpleGraph,
  stored: ReadonlySet<Tensor>,
  maxReads: number,
): boolean {
  const reads = new Map<Tensor, ReadonlySet<Tensor>>();
  return nodes.every((node) => {
    const own = new Set(node.inputs.flatMap((x) => [...reads.get(x)!]));
    reads.set(node, stored.has(node) ? new Set([node]) : own);
    const { role } = definitionOf(node.operation);
    const isFused = isElementwise(node) || role === "reduction";
    return !isFused || own.size <= Math.max(maxReads, node.inputs.length);
  });
}

/** One pass over the graph, in which `roots` must be stored. */
function decide(
  graph: SimpleGraph,
  roots: ReadonlySet<Tensor>,
  maxReads: number,
) {
  const users = usersOf(graph);
  const stored = new Set<Tensor>();
  /** For each lazy value computed from a reduction in the same kernel, that reduction. */
  const reductions = new Map<Tensor, Tensor>();
  /** Cost of computing an element from stored values. */
  const costs = new Map<Tensor, number>();
  /** The stored nodes that computing an element reads. */
  const reads = new Map<Tensor, ReadonlySet<Tensor>>();

  const store = (node: Tensor) => {
    stored.add(node);
    costs.set(node, 0);
    reads.set(node, new Set([node]));
  };
  const isLazy = (node: Tensor) => !stored.has(node);

  for (const node of graph.nodes) {
    const { operation, inputs } = node;
    const definition = definitionOf(operation);
    const { role } = definition;
    if (role === "source") {
      store(node);
      continue;
    }
    if (role === "barrier") {
      store(inputs[0]);
      store(node);
      continue;
    }
    if (role === "movement") {
      const [x] = inputs;
      if (isLazy(x) && !readsByStrides(node)) store(x);
      if (definition.keepsOrder && !isLazy(x)) {
        store(node);
        continue;
      }
      if (definition.repeats && costs.get(x)! > MAX_REPEATED_COST) store(x);
    }
    // a generator reads its key at one place for all elements
    if (role === "generator") inputs.forEach(store);
    if (role === "kernel") {
      for (const input of inputs) {
        store(
          definition.operands === "strided"
            ? withoutMovement(input, isLazy)
            : input,
        );
      }
    }

    // an epilogue belongs to one reduction
    const reduced = inputs.filter((input) =>
      isLazy(input) && reductions.has(input)
    );
    reduced.slice(1).forEach(store);
    const isFusible = isElementwise(node);
    if (isFusible || role === "reduction") limitReads(inputs);
    costs.set(
      node,
      inputs.reduce((sum, input) => sum + costs.get(input)!, ownCost(node)),
    );
    reads.set(node, readsOf(inputs));

    if (role === "reduction") {
      if (canExtendEpilogue(node)) reductions.set(node, node);
      else store(node);
      continue;
    }
    if (!isFusible) {
      store(node);
      continue;
    }
    const reduction = reduced.length > 0 && isLazy(reduced[0])
      ? reductions.get(reduced[0])
      : undefined;
    if (reduction) {
      reductions.set(node, reduction);
      if (!canExtendEpilogue(node)) store(node);
    }
    if (
      roots.has(node) || costs.get(node)! > MAX_KERNEL_COST ||
      isCostlyToRecompute(node)
    ) store(node);
  }

  /** Whether the epilogue of a reduction that ends in `node` can go on through its user. */
  function canExtendEpilogue(node: Tensor): boolean {
    const nodeUsers = users.get(node)!;
    if (roots.has(node) || nodeUsers.length !== 1) return false;
    const [user] = nodeUsers;
    if (user.size !== node.size) return false;
    const definition = definitionOf(user.operation);
    return definition.role === "elementwise" ||
      definition.role === "movement" && definition.keepsOrder &&
        readsByStrides(user);
  }

  function readsOf(inputs: readonly Tensor[]): ReadonlySet<Tensor> {
    return new Set(inputs.flatMap((input) => [...reads.get(input)!]));
  }

  /** Stores inputs, those that read most first, until a kernel can read all that they need. */
  function limitReads(inputs: readonly Tensor[]): void {
    const byReads = [...inputs].sort((a, b) =>
      reads.get(b)!.size - reads.get(a)!.size
    );
    for (const input of byReads) {
      if (readsOf(inputs).size > maxReads && isLazy(input)) store(input);
    }
  }

  function isCostlyToRecompute(node: Tensor): boolean {
    if (users.get(node)!.length < 2) return false;
    const large = [...reads.get(node)!].filter((leaf) =>
      leaf.size * 2 > node.size
    );
    const cost = costs.get(node)!;
    return cost > MAX_RECOMPUTED_COST ||
      (cost > 0 && large.length > MAX_RECOMPUTED_READS);
  }

  return { stored, reductions };
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

function isElementwise({ operation }: Tensor): boolean {
  const { role } = definitionOf(operation);
  return role === "generator" || role === "elementwise" || role === "movement";
}

/** Whether a kernel that goes through the elements of a movement reads its input by strides. */
function readsByStrides(node: Tensor): boolean {
  const definition = definitionOf(node.operation);
  const rank = node.shape.length;
  return definition.role === "movement" &&
    definition.inputMap(node, node.operation, identityMap(rank), rank) !==
      undefined;
}

/** The node below lazy movements; a matrix product reads through those by strides. */
function withoutMovement(
  node: Tensor,
  isLazy: (node: Tensor) => boolean,
): Tensor {
  let base = node;
  while (isLazy(base) && definitionOf(base.operation).role === "movement") {
    base = base.inputs[0];
  }
  return base;
}

function ownCost({ operation }: Tensor): number {
  const definition = definitionOf(operation);
  switch (definition.role) {
    case "elementwise":
      return definition.cost(operation);
    case "generator":
      return definition.cost;
    case "source":
    case "movement":
    case "reduction":
    case "assembly":
    case "kernel":
    case "barrier":
    case "identity":
      return 0;
  }
}
