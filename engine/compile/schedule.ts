import { inOrder } from "./expression.ts";
import { fuse, type Fusion, unfused } from "./fusion.ts";
import type {
  Buffer,
  Dispatch,
  FusedKernel,
  ImageGeometry,
  Kernel,
  Schedule,
} from "./kernel.ts";
import {
  lowerFused,
  lowerMatmul,
  splitReduction,
  withoutUnusedReads,
} from "./lower.ts";
import { simplify } from "../graph/simplify.ts";
import {
  rowMajorStrides,
  type Shape,
  type Storage,
  Tensor,
} from "../graph/tensor.ts";

/** A storage that gets a new value at the end of each step. */
export interface Assignment {
  /** What is overwritten. */
  readonly storage: Storage;
  /** One value for each element of the storage. */
  readonly value: Tensor;
}

/** Elements to which parts of a buffer are aligned, so that devices can bind them. */
export const PART_ALIGNMENT = 64;

/**
 * Turns a graph into kernels in order. Assigned values are computed from the old values of all
 * storages, and written in place where nothing reads the old value afterwards.
 *
 * @param options with `fused: false` every value gets a kernel and a buffer of its own
 * @throws {RangeError} if an assigned value does not have the size and type of its storage.
 */
export function schedule(
  outputs: readonly Tensor[],
  assignments: readonly Assignment[],
  options: { readonly fused?: boolean } = {},
): Schedule {
  for (const { storage, value } of assignments) {
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
  const results = outputs.map(graph.resolve);
  const assigned = assignments.map(({ storage, value }) => ({
    storage,
    value: graph.resolve(value),
  }));
  const roots = new Set([...results, ...assigned.map(({ value }) => value)]);
  const fusion = options.fused === false ? unfused : fuse(graph, roots);
  const scheduler = new Scheduler(fusion, graph.nodes);
  graph.nodes.filter(fusion.isStored).forEach((node) => scheduler.emit(node));
  const dispatches = assignInPlace(
    scheduler.dispatches,
    assigned.map(({ storage, value }) => ({
      storage,
      source: scheduler.bufferOf(value),
    })),
    results.map((node) => scheduler.bufferOf(node)),
  );
  return {
    dispatches: dispatches.dispatches,
    inputs: scheduler.inputs,
    outputs: dispatches.outputs,
  };
}

class Scheduler {
  readonly dispatches: Dispatch[] = [];
  readonly inputs = new Map<string, Buffer>();
  readonly #fusion: Fusion;
  readonly #buffers = new Map<Tensor, Buffer>();
  readonly #places: ReadonlyMap<
    Tensor,
    { readonly whole: Tensor; readonly offset: number }
  >;

  constructor(fusion: Fusion, nodes: readonly Tensor[]) {
    this.#fusion = fusion;
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

  #dispatch(kernel: Kernel, inputs: readonly Buffer[], output: Buffer): void {
    this.dispatches.push({ kernel, inputs, output });
  }

  /** Appends the kernels that compute a stored node. */
  emit(node: Tensor): void {
    const { operation, inputs } = node;
    const output = this.bufferOf(node);
    const read = () => inputs.map((input) => this.bufferOf(input));
    switch (operation.kind) {
      case "input":
      case "state":
        return;
      case "reshape":
      case "materialize":
        if (this.#fusion.isStored(inputs[0])) return;
        return this.#emitFused(node, this.#fusion.reductionOf(node), output);
      case "matmul": {
        const { kernel, reads } = lowerMatmul(node, this.#fusion);
        return this.#dispatch(
          kernel,
          reads.map((base) => this.bufferOf(base)),
          output,
        );
      }
      case "convolution":
        return this.#dispatch(
          {
            kind: "convolution",
            pass: "forward",
            geometry: geometryOf(inputs[0].shape, node.shape, operation.window),
          },
          read(),
          output,
        );
      case "convolutionInputGradient":
        return this.#dispatch(
          {
            kind: "convolution",
            pass: "inputGradient",
            geometry: geometryOf(node.shape, inputs[0].shape, operation.window),
          },
          read(),
          output,
        );
      case "convolutionWeightGradient":
        return this.#dispatch(
          {
            kind: "convolution",
            pass: "weightGradient",
            geometry: geometryOf(
              inputs[0].shape,
              inputs[1].shape,
              operation.window,
            ),
          },
          read(),
          output,
        );
      case "pool":
      case "poolGradient": {
        const gradient = operation.kind === "poolGradient";
        const [image, pooled] = gradient
          ? [node, inputs[0]]
          : [inputs[0], node];
        const geometry = geometryOf(
          image.shape,
          pooled.shape,
          operation.window,
        );
        return this.#dispatch(
          { kind: "pool", mode: operation.mode, gradient, geometry },
          read(),
          output,
        );
      }
      case "gather": {
        const [table, indices] = inputs;
        const sizes = {
          rows: table.shape[0],
          count: indices.size,
          width: node.size / indices.size,
        };
        return this.#dispatch({ kind: "gather", ...sizes }, read(), output);
      }
      case "scatterAdd": {
        const [indices, updates] = inputs;
        const sizes = {
          rows: node.shape[0],
          count: indices.size,
          width: updates.size / indices.size,
        };
        return this.#dispatch({ kind: "scatterAdd", ...sizes }, read(), output);
      }
      case "pad":
        this.#dispatch({ kind: "zero" }, [], output);
        return this.#emitRegion(node, inputs[0], operation.before, output);
      case "concatenate": {
        let start = 0;
        for (const part of inputs) {
          const starts = node.shape.map((_, axis) =>
            axis === operation.axis ? start : 0
          );
          if (this.#places.get(storedBase(part))?.whole !== node) {
            this.#emitRegion(node, part, starts, output);
          }
          start += part.shape[operation.axis];
        }
        return;
      }
      case "reduce":
        return this.#emitFused(node, node, output);
      default:
        return this.#emitFused(node, this.#fusion.reductionOf(node), output);
    }
  }

  /** Copies or computes `part` into the block of `whole` that begins at `starts`. */
  #emitRegion(
    whole: Tensor,
    part: Tensor,
    starts: readonly number[],
    output: Buffer,
  ): void {
    const strides = rowMajorStrides(whole.shape);
    const offset = starts.reduce(
      (sum, start, axis) => sum + start * strides[axis],
      0,
    );
    // a stored part is seen through a view of itself, so that it is loaded and not computed again
    const source = this.#fusion.isStored(part)
      ? new Tensor(
        { kind: "permute", axes: part.shape.map((_, axis) => axis) },
        [part],
        part.shape,
        part.dtype,
      )
      : part;
    const lowered = lowerFused(source, this.#fusion, undefined, {
      offset,
      strides,
    });
    this.#dispatch(
      lowered.kernel,
      lowered.reads.map((base) => this.bufferOf(base)),
      output,
    );
  }

  #emitFused(
    node: Tensor,
    reduction: Tensor | undefined,
    output: Buffer,
  ): void {
    const lowered = lowerFused(node, this.#fusion, reduction);
    const reads = lowered.reads.map((base) => this.bufferOf(base));
    const split = splitReduction(lowered.kernel);
    if (!split) return this.#dispatch(lowered.kernel, reads, output);
    const { dtype } = split.parts;
    const partial: Buffer = {
      size: split.size,
      dtype,
      label: `parts of ${output.label}`,
    };
    this.#dispatchUsed(split.parts, reads, partial);
    this.#dispatchUsed(split.rest, [partial, ...reads], output);
  }

  #dispatchUsed(
    fused: FusedKernel,
    inputs: readonly Buffer[],
    output: Buffer,
  ): void {
    const { kernel, reads } = withoutUnusedReads(fused, inputs);
    this.#dispatch(kernel, reads, output);
  }
}

function geometryOf(
  image: Shape,
  result: Shape,
  window: ImageGeometry["window"],
): ImageGeometry {
  const [n, height, width, inputs] = image;
  const [, outHeight, outWidth, outputs] = result;
  return { n, height, width, inputs, outHeight, outWidth, outputs, window };
}

/** The node whose buffer a stored node shares. */
function storedBase(node: Tensor): Tensor {
  return sharesBuffer(node) ? storedBase(node.inputs[0]) : node;
}

/** Whether a stored node is its input under another name. */
function sharesBuffer({ operation }: Tensor): boolean {
  return operation.kind === "reshape" || operation.kind === "materialize";
}

/**
 * Results that are computed directly into the concatenation that they are a part of: those that
 * would be one contiguous, aligned run of it.
 */
function placeParts(
  nodes: readonly Tensor[],
  fusion: Fusion,
): Map<Tensor, { readonly whole: Tensor; readonly offset: number }> {
  const places = new Map<
    Tensor,
    { readonly whole: Tensor; readonly offset: number }
  >();
  for (const whole of nodes) {
    if (whole.operation.kind !== "concatenate") continue;
    const { axis } = whole.operation;
    if (whole.shape.slice(0, axis).some((size) => size !== 1)) continue;
    const bases = whole.inputs.map(storedBase);
    let offset = 0;
    for (const [i, part] of whole.inputs.entries()) {
      const base = bases[i];
      // what occurs twice has to be copied, for a result has one place
      const isResult = fusion.isStored(part) && fusion.isStored(base) &&
        base.operation.kind !== "input" && base.operation.kind !== "state" &&
        bases.indexOf(base) === bases.lastIndexOf(base);
      if (isResult && offset % PART_ALIGNMENT === 0 && !places.has(base)) {
        places.set(base, { whole, offset });
      }
      offset += part.size;
    }
  }
  return places;
}

/** What a node is, for messages: operation, shape, and the parameters that it works on. */
function labelOf(node: Tensor): string {
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
  node.inputs.forEach((input) => visit(input, 2));
  const of = names.size > 0 ? ` with ${[...names].join(", ")}` : "";
  return `${kind} [${node.shape}]${of}`;
}

interface BufferAssignment {
  readonly storage: Storage;
  readonly source: Buffer;
}

/**
 * Lets kernels write assigned values straight into their storage where that is safe, and copies
 * the others at the end.
 */
function assignInPlace(
  dispatches: readonly Dispatch[],
  assignments: readonly BufferAssignment[],
  outputs: readonly Buffer[],
): { dispatches: Dispatch[]; outputs: Buffer[] } {
  const replaced = new Map<Buffer, Buffer>();
  const copies: Dispatch[] = [];
  const saved: Dispatch[] = [];
  for (const { storage, source } of assignments) {
    const target = stateBuffer(storage);
    if (isSafeInPlace(dispatches, source, storage) && !replaced.has(source)) {
      replaced.set(source, target);
      continue;
    }
    let from = replaced.get(source) ?? source;
    if (from.state || from.input) {
      // another assignment may overwrite the source before it is copied
      const copy: Buffer = {
        size: source.size,
        dtype: source.dtype,
        label: `copy of ${source.label}`,
      };
      saved.push({ kernel: { kind: "copy" }, inputs: [from], output: copy });
      from = copy;
    }
    copies.push({ kernel: { kind: "copy" }, inputs: [from], output: target });
  }
  const replace = (buffer: Buffer) => replaced.get(buffer) ?? buffer;
  const rewritten = dispatches.map(({ kernel, inputs, output }) => ({
    kernel,
    inputs: inputs.map(replace),
    output: replace(output),
  }));
  return {
    dispatches: [...rewritten, ...saved, ...copies],
    outputs: outputs.map(replace),
  };
}

function stateBuffer(storage: Storage): Buffer {
  const { size, dtype, name } = storage;
  return { size, dtype, label: `state ${name}`, state: { storage, offset: 0 } };
}

/** Whether the kernel that makes `source` may overwrite `storage`: nothing reads the old value later. */
function isSafeInPlace(
  dispatches: readonly Dispatch[],
  source: Buffer,
  storage: Storage,
): boolean {
  if (source.state || source.input || source.parent) return false;
  const writers = dispatches.flatMap(({ output }, i) =>
    output === source ? [i] : []
  );
  if (
    writers.length !== 1 ||
    dispatches.some(({ output }) => output.parent?.buffer === source)
  ) return false;
  const readsOld = ({ inputs }: Dispatch) =>
    inputs.some((buffer) => buffer.state?.storage === storage);
  if (dispatches.slice(writers[0] + 1).some(readsOld)) return false;
  const writer = dispatches[writers[0]];
  return !readsOld(writer) || isElementByElement(writer, storage);
}

/** Whether a kernel reads a storage only at the element that it writes. */
function isElementByElement(
  { kernel, inputs }: Dispatch,
  storage: Storage,
): boolean {
  if (kernel.kind !== "fused" || kernel.reduction) return false;
  return inputs.every((buffer, input) => {
    if (buffer.state?.storage !== storage) return true;
    if (buffer.size !== storage.size) return false;
    return inOrder(kernel.body).every((expression) =>
      expression.kind !== "load" || expression.input !== input ||
      JSON.stringify(expression.view) === JSON.stringify(kernel.output)
    );
  });
}
