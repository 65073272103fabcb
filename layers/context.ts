import { dropout, type RandomSource } from "../engine/ops/random.ts";
import type { Assignment } from "../engine/compile/schedule.ts";
import type { Tensor } from "../engine/graph/tensor.ts";
import type { State } from "./module.ts";

/** What a forward pass needs besides its input: whether it trains, random numbers, running states. */
export class Context {
  readonly #current = new Map<State, Tensor>();
  readonly #random?: RandomSource;

  /** A pass that trains if it is given random numbers, and evaluates if not. */
  constructor(random?: RandomSource) {
    this.#random = random;
  }

  /** Whether batches are normalised by their own states, and dropout drops. */
  get training(): boolean {
    return this.#random !== undefined;
  }

  /**
   * Random numbers of this pass.
   *
   * @throws {Error} if the pass does not train.
   */
  get random(): RandomSource {
    if (!this.#random) throw new Error("an evaluation has no random numbers");
    return this.#random;
  }

  /** Dropout while training, nothing otherwise. */
  dropout(x: Tensor, rate: number): Tensor {
    return this.#random ? dropout(x, rate, this.#random) : x;
  }

  /** The latest value of a state in this pass. */
  value(state: State): Tensor {
    return this.#current.get(state) ?? state.storage.tensor();
  }

  /** Replaces a state; a network that is applied twice updates twice. */
  update(state: State, value: Tensor): void {
    this.#current.set(state, value);
  }

  /** The updates of all states, to be assigned at the end of the step. */
  get assignments(): Assignment[] {
    return [...this.#current].map(([{ storage }, value]) => ({
      storage,
      value,
    }));
  }
}
