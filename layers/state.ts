import {
  checkPositive,
  type Shape,
  sizeOf,
  Storage,
} from "../engine/graph/tensor.ts";
import { Parameter } from "./parameter.ts";

/**
 * A tensor that forward passes update and that neither gradients nor the optimiser reach: running
 * statistics, vocabularies, momentum averages. Its value in a pass is `context.value(state)`.
 */
export class State {
  /** Where its values are kept. */
  readonly storage: Storage;
  /** The parameter whose initial values it starts with; `packParameters` fills them in. */
  readonly source?: Parameter;
  readonly #initial: Float32Array;

  /**
   * A state that starts with one number everywhere, with given values, or as a copy of a parameter
   * of the same model.
   *
   * @throws {RangeError} if a size is not a whole number of at least 1, or `initial` has another number of values.
   */
  constructor(
    /** Shown in messages. */
    name: string,
    /** Sizes of its axes. */
    readonly shape: Shape,
    initial: number | Float32Array | Parameter,
  ) {
    for (const size of shape) checkPositive(size, `state ${name}: each size`);
    const size = sizeOf(shape);
    this.#initial = initial instanceof Float32Array
      ? initial
      : new Float32Array(size);
    if (typeof initial === "number") this.#initial.fill(initial);
    if (initial instanceof Parameter) this.source = initial;
    this.storage = new Storage(name, size, "f32", this.#initial);
  }

  /** Its initial values, row-major. */
  get initial(): Float32Array {
    return this.#initial;
  }
}
