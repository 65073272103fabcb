import { normalArray } from "../engine/ops/random.ts";
import { PART_ALIGNMENT } from "../engine/compile/place_parts.ts";
import {
  type Shape,
  sizeOf,
  Storage,
  type Tensor,
} from "../engine/graph/tensor.ts";

/** How a parameter starts: a constant, or normal numbers of a standard deviation. */
export type Initializer = { readonly constant: number } | {
  readonly deviation: number;
};

/** Initialisation of a linear weight in the paper (section 4.1). */
export const LINEAR_DEVIATION = 1e-3;

/** Initialisation of learned tokens and position embeddings, as is usual for transformers. */
export const EMBEDDING_DEVIATION = 0.02;

/** He initialisation (He et al. 2015) for a convolution that `fanIn` values flow into. */
export function heNormal(fanIn: number): Initializer {
  return { deviation: Math.sqrt(2 / fanIn) };
}

/** A tensor that the optimiser changes. It gets its place when the model is packed. */
export class Parameter {
  #tensor?: Tensor;

  /** A parameter of `shape` with its initial values. */
  constructor(
    /** Sizes of its axes. */
    readonly shape: Shape,
    /** How it starts. */
    readonly initializer: Initializer,
  ) {}

  /**
   * Its place on the device; {@linkcode packParameters} gives it one.
   *
   * @throws {Error} if its model was not packed yet.
   */
  get tensor(): Tensor {
    if (!this.#tensor) {
      throw new Error("a parameter is used before its model was packed");
    }
    return this.#tensor;
  }

  /** Gives the parameter its place. */
  place(tensor: Tensor): void {
    this.#tensor = tensor;
  }
}

/** A tensor that forward passes update and no gradient reaches: running means and variances, vocabularies. */
export class State {
  /** Its place on the device. */
  readonly storage: Storage;

  /** A statistic of `size` elements that starts at `value`, one number or one for each element. */
  constructor(name: string, size: number, value: number | Float32Array) {
    const initial = typeof value === "number"
      ? new Float32Array(size).fill(value)
      : value;
    this.storage = new Storage(name, size, "f32", initial);
  }
}

/** Everything of one kind below a module, named by the path of properties that leads to it. */
function collect<Kind>(
  module: object,
  kind: new (...values: never[]) => Kind,
): Map<string, Kind> {
  const found = new Map<string, Kind>();
  const seen = new Set<object>();
  const visit = (value: unknown, path: string) => {
    if (typeof value !== "object" || value === null || seen.has(value)) return;
    // a network that two modules share is named by the first path to it
    seen.add(value);
    if (value instanceof kind) return found.set(path, value);
    if (ArrayBuffer.isView(value)) return;
    for (const [key, child] of Object.entries(value)) {
      visit(child, path ? `${path}.${key}` : key);
    }
  };
  visit(module, "");
  return found;
}

/** All parameters of a module, by the path of properties that leads to each. */
export function namedParameters(module: object): Map<string, Parameter> {
  return collect(module, Parameter);
}

/** All statistics of a module, by the path of properties that leads to each. */
export function namedStates(module: object): Map<string, State> {
  return collect(module, State);
}

/** Where a parameter lies in the storage that all share. */
export interface PackedParameter {
  /** Sizes of its axes. */
  readonly shape: Shape;
  /** First element. */
  readonly offset: number;
}

/** All parameters of a model in one storage, so that the optimiser updates them in one pass. */
export interface PackedParameters {
  /** The parameters one after another, f32, zeros in the gaps between them. */
  readonly storage: Storage;
  /** Where each parameter lies, by the path of properties that leads to it. */
  readonly entries: ReadonlyMap<string, PackedParameter>;
  /** The parameters as tensors, in the order of `entries`. */
  readonly tensors: readonly Tensor[];
}

/**
 * Lays out the parameters of a model one after another and draws their initial values. A value
 * depends on the seed and the name of its parameter alone.
 */
export function packParameters(model: object, seed: number): PackedParameters {
  const parameters = namedParameters(model);
  const entries = new Map<string, PackedParameter>();
  let size = 0;
  for (const [name, { shape }] of parameters) {
    entries.set(name, { shape, offset: size });
    size += Math.ceil(sizeOf(shape) / PART_ALIGNMENT) * PART_ALIGNMENT;
  }
  const initial = new Float32Array(size);
  const storage = new Storage("parameters", size, "f32", initial);
  for (const [name, parameter] of parameters) {
    const { shape, initializer } = parameter;
    const { offset } = entries.get(name)!;
    const length = sizeOf(shape);
    const values = "constant" in initializer
      ? new Float32Array(length).fill(initializer.constant)
      : normalArray(length, initializer.deviation, seed, hash(name));
    initial.set(values, offset);
    parameter.place(storage.tensor(shape, offset, name));
  }
  return {
    storage,
    entries,
    tensors: [...parameters.values()].map(({ tensor }) => tensor),
  };
}

/** 32-bit FNV-1a hash of a name. */
function hash(name: string): number {
  let value = 0x811c9dc5;
  for (const letter of new TextEncoder().encode(name)) {
    value = Math.imul(value ^ letter, 0x01000193);
  }
  return value >>> 0;
}
