import { PART_ALIGNMENT } from "../engine/compile/place_parts.ts";
import {
  type Shape,
  sizeOf,
  Storage,
  type Tensor,
} from "../engine/graph/tensor.ts";
import { concatenate, pad, reshape } from "../engine/ops/movement.ts";
import { normalArray } from "../engine/ops/random.ts";
import { namedParameters, namedStates } from "./module.ts";
import type { Parameter } from "./parameter.ts";

/** Where a parameter lies in the storage that all share. */
export interface PackedParameter {
  /** Sizes of its axes. */
  readonly shape: Shape;
  /** Its first element. */
  readonly offset: number;
}

/** All parameters of a model in one storage, so that the optimiser updates them in one pass. */
export interface PackedParameters {
  /** The parameters one after another, f32, with zeros in the gaps that alignment leaves. */
  readonly storage: Storage;
  /** Where each parameter lies, by its name in a checkpoint. */
  readonly entries: ReadonlyMap<string, PackedParameter>;
  /** The parameters as tensors, in the order of `entries`. */
  readonly tensors: readonly Tensor[];
}

/**
 * Places the parameters of a model one after another and draws their initial values, which depend
 * on the seed and the parameter's name alone. States that start as copies of parameters are filled.
 *
 * @param seed Absent where all values will be loaded; parameters then start with zeros.
 * @throws {Error} if a state starts as a copy of a parameter that is not part of the model.
 */
export function packParameters(model: object, seed?: number): PackedParameters {
  const parameters = namedParameters(model);
  const entries = new Map<string, PackedParameter>();
  let size = 0;
  for (const [name, { shape }] of parameters) {
    entries.set(name, { shape, offset: size });
    size += alignedSize(sizeOf(shape));
  }
  const packed = new Float32Array(size);
  const storage = new Storage("parameters", size, "f32", packed);
  const initial = new Map<Parameter, Float32Array>();
  for (const [name, parameter] of parameters) {
    const { shape, offset } = entries.get(name)!;
    const values = initialValues(parameter, seed, name);
    packed.set(values, offset);
    initial.set(parameter, values);
    parameter.place(storage.tensor(shape, offset, name));
  }
  fillCopies(model, initial);
  return {
    storage,
    entries,
    tensors: [...parameters.values()].map(({ tensor }) => tensor),
  };
}

/** The gradients of packed parameters one after another, laid out as the parameters are: `[storage.size]` */
export function flattenGradients(gradients: readonly Tensor[]): Tensor {
  return concatenate(gradients.map((gradient) => {
    const { size } = gradient;
    return pad(reshape(gradient, [size]), [0], [alignedSize(size) - size]);
  }));
}

/** The elements that a part takes, so that the next one begins where the engine can place a result. */
function alignedSize(size: number): number {
  return Math.ceil(size / PART_ALIGNMENT) * PART_ALIGNMENT;
}

function initialValues(
  { shape, initializer }: Parameter,
  seed: number | undefined,
  name: string,
): Float32Array {
  const size = sizeOf(shape);
  if (seed === undefined) return new Float32Array(size);
  return "constant" in initializer
    ? new Float32Array(size).fill(initializer.constant)
    : normalArray(size, initializer.deviation, seed, hash(name));
}

function fillCopies(
  model: object,
  initial: ReadonlyMap<Parameter, Float32Array>,
): void {
  for (const [name, state] of namedStates(model)) {
    if (!state.source) continue;
    const values = initial.get(state.source);
    if (!values) {
      throw new Error(
        `${name} starts as a copy of a parameter that is not part of the model`,
      );
    }
    state.initial.set(values);
  }
}

/** 32-bit FNV-1a hash of a name. */
function hash(name: string): number {
  let value = 0x811c9dc5;
  for (const letter of new TextEncoder().encode(name)) {
    value = Math.imul(value ^ letter, 0x01000193);
  }
  return value >>> 0;
}
