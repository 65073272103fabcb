import { definitionOf } from "../graph/operations.ts";
import { simplify } from "../graph/simplify.ts";
import {
  rowMajorStrides,
  sameShape,
  type Shape,
  type Storage,
  Tensor,
} from "../graph/tensor.ts";
import { assignInPlace } from "./assign_in_place.ts";
import { startCollectivesEarly, withWaits } from "./collectives.ts";
import { lowerDeviceOperation } from "./device_operations.ts";
import { fuse, type Fusion, unfused } from "./fusion.ts";
import type { Buffer, Dispatch, Kernel, Schedule } from "./kernel.ts";
import { labelOf } from "./label.ts";
import { lowerFused } from "./lower_fused.ts";
import {
  flatPosition,
  type Place,
  placeParts,
  sharesBuffer,
  storedBase,
} from "./place_parts.ts";
import { splitReduction, withoutUnusedReads } from "./split_reduction.ts";

/** A storage that gets a new value at the end of each step. */
export interface Assignment {
  /** What is overwritten. */
  readonly storage: Storage;
  /** One value for each element of the storage. */
  readonly value: Tensor;
}

/** How {@linkcode schedule} works. */
export interface ScheduleOptions {
  /** `false` gives every value a kernel and a buffer of its own. */
  readonly fused?: boolean;
  /** How many buffers one kernel may read. */
  readonly maxReads: number;
}

/**
 * Turns a graph into kernels in order. Assigned values are computed from the old values of all
 * storages, and written in place where nothing reads the old value afterwards.
 *
 * @throws {RangeError} if an assigned value does not have the size and type of its storage, a storage
 * is assigned twice, or two inputs have one name but differ in shape or type.
 */
export function schedule(
  outputs: readonly Tensor[],
  assignments: readonly Assignment[],
  { fused = true, maxReads }: ScheduleOptions,
): Schedule {
  const written = new Set<Storage>();
  for (const { storage, value } of assignments) {
    if (written.has(storage)) {
      throw new RangeError(`${storage.name} is assigned twice`);
    }
    written.add(storage);
    if (value.size !== storage.size || value.dtype !== storage.dtype) {
      throw new RangeError(
        `${storage.name} holds ${storage.size} ${storage.dtype}, not ${value.dtype} [${value.shape}]`,
      );
    }
  }
  const graph = simplify([
    ...outputs,
    ...assignments.map(({ value }) => value),
  ]);
  checkInputNames(graph.nodes);
  const results = outputs.map(graph.resolve);
  const assigned = assignments.map(({ storage, value }) => ({
    storage,
    value: graph.resolve(value),
  }));
  const roots = new Set([...results, ...assigned.map(({ value }) => value)]);
  const fusion = fused ? fuse(graph, roots, maxReads) : unfused;
  const scheduler = new Scheduler(fusion, graph.nodes, maxReads);
  startCollectivesEarly(graph.nodes)
    .filter(fusion.isStored)
    .forEach((node) => scheduler.emit(node));
  const inPlace = assignInPlace(
    withWaits(scheduler.dispatches),
    assigned.map(({ storage, value }) => ({
      storage,
      source: scheduler.bufferOf(value),
    })),
    results.map((node) => scheduler.bufferOf(node)),
  );
  return { ...inPlace, inputs: scheduler.inputs };
}

function checkInputNames(nodes: readonly Tensor[]): void {
  const inputs = new Map<string, Tensor>();
  for (const node of nodes) {
    if (node.operation.kind !== "input") continue;
    const { name } = node.operation;
    const other = inputs.get(name);
    if (
      other &&
      (other.dtype !== node.dtype || !sameShape(other.shape, node.shape))
    ) {
      throw new RangeError(
        `two inputs are named ${name}: ${other.dtype} [${other.shape}] and ${node.dtype} [${node.shape}]`,
      );
    }
    inputs.set(name, node);
  }
}

/** Emits the kernels of stored nodes, and gives each node its buffer. */
class Scheduler {
  readonly dispatches: Dispatch[] = [];
  readonly inputs = new Map<string, Buffer>();
  readonly #fusion: Fusion;
  readonly #maxReads: number;
  readonly #buffers = new Map<Tensor, Buffer>();
  readonly #places: ReadonlyMap<Tensor, Place>;

  constructor(fusion: Fusion, nodes: readonly Tensor[], maxReads: number) {
    this.#fusion = fusion;
    this.#maxReads = maxReads;
    this.#places = placeParts(nodes, fusion);
  }

  /** The buffer of a stored node. */
  bufferOf(node: Tensor): Buffer {
    let buffer = this.#buffers.get(node);
    if (!buffer) {
      buffer = sharesBuffer(node)
        ? this.bufferOf(node.inputs[0])
        : this.#newBuffer(node);
      this.#buffers.set(node, buffer);
    }
    return buffer;
  }

  #newBuffer(node: Tensor): Buffer {
    const { operation, size, dtype } = node;
    const buffer = { size, dtype, label: labelOf(node) };
    if (operation.kind === "state") return { ...buffer, state: operation };
    if (operation.kind === "input") {
      const input = { ...buffer, input: operation.name };
      this.inputs.set(operation.name, input);
      return input;
    }
    const place = this.#places.get(node);
    if (!place) return buffer;
    return {
      ...buffer,
      parent: { buffer: this.bufferOf(place.whole), offset: place.offset },
    };
  }

  /** Appends the kernels that compute a stored node. */
  emit(node: Tensor): void {
    const { operation, inputs } = node;
    const definition = definitionOf(operation);
    const output = this.bufferOf(node);
    switch (definition.role) {
      case "source":
        return;
      case "kernel": {
        const { kernel, reads } = lowerDeviceOperation(node, this.#fusion);
        return this.#dispatch(kernel, this.#buffersOf(reads), output);
      }
      case "assembly": {
        if (definition.hasGaps) this.#dispatch({ kind: "zero" }, [], output);
        const starts = definition.starts(operation, inputs);
        inputs.forEach((part, i) => {
          const place = this.#places.get(storedBase(part));
          if (place?.whole !== node) {
            this.#emitBlock(node, part, starts[i], output);
          }
        });
        return;
      }
      case "reduction":
        return this.#emitFused(node, node, output);
      case "generator":
      case "elementwise":
      case "movement":
      case "barrier":
      case "identity":
        if (sharesBuffer(node) && this.#fusion.isStored(inputs[0])) return;
        return this.#emitFused(node, this.#fusion.reductionOf(node), output);
      default:
        definition satisfies never;
    }
  }

  /** Copies or computes `part` into the block of `whole` that begins at `starts`. */
  #emitBlock(
    whole: Tensor,
    part: Tensor,
    starts: Shape,
    output: Buffer,
  ): void {
    const view = {
      offset: flatPosition(starts, whole.shape),
      strides: rowMajorStrides(whole.shape),
    };
    // a stored part is seen through a view of itself, so that it is loaded and not computed again
    const source = this.#fusion.isStored(part)
      ? new Tensor(
        { kind: "permute", axes: part.shape.map((_, axis) => axis) },
        [part],
        part.shape,
        part.dtype,
      )
      : part;
    const { kernel, reads } = lowerFused(
      source,
      this.#fusion,
      undefined,
      view,
    );
    this.#dispatch(kernel, this.#buffersOf(reads), output);
  }

  #emitFused(
    node: Tensor,
    reduction: Tensor | undefined,
    output: Buffer,
  ): void {
    const lowered = lowerFused(node, this.#fusion, reduction);
    const reads = this.#buffersOf(lowered.reads);
    const split = splitReduction(lowered.kernel);
    if (!split) return this.#dispatch(lowered.kernel, reads, output);
    const partial: Buffer = {
      size: split.size,
      dtype: split.parts.dtype,
      label: `parts of ${output.label}`,
    };
    const rest = withoutUnusedReads(split.rest, [partial, ...reads]);
    if (rest.reads.length > this.#maxReads) {
      return this.#dispatch(lowered.kernel, reads, output);
    }
    const parts = withoutUnusedReads(split.parts, reads);
    this.#dispatch(parts.kernel, parts.reads, partial);
    this.#dispatch(rest.kernel, rest.reads, output);
  }

  #buffersOf(nodes: readonly Tensor[]): Buffer[] {
    return nodes.map((node) => this.bufferOf(node));
  }

  #dispatch(kernel: Kernel, inputs: readonly Buffer[], output: Buffer): void {
    this.dispatches.push({ kernel, inputs, output });
  }
}
