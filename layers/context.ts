import { dropout, type RandomSource } from "../engine/ops/random.ts";
import type { Assignment } from "../engine/compile/schedule.ts";
import type { Tensor } from "../engine/graph/tensor.ts";
import type { State } from "./state.ts";

/** What a forward pass needs besides its input: whether it trains, random numbers, states. */
export class Context {
  readonly #current = new Map<State, Tensor>();
  readonly #random?: RandomSource;
  #substitutes: ReadonlyMap<State, State> = new Map();

  /** A pass that trains if it is given random numbers, and evaluates if not. */
  constructor(random?: RandomSource) {
    this.#random = random;
  }

  /** Whether batch normalisation uses the statistics of its batch, and dropout drops. */
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

  /** Dropout while training, the identity otherwise. */
  dropout(x: Tensor, rate: number): Tensor {
    return this.#random ? dropout(x, rate, this.#random) : x;
  }

  /** The latest value of a state in this pass, of the state's shape. */
  value(state: State): Tensor {
    const actual = this.#substitutes.get(state) ?? state;
    return this.#current.get(actual) ?? actual.storage.tensor(actual.shape);
  }

  /** Replaces the value of a state; a network that is applied twice updates its states twice. */
  update(state: State, value: Tensor): void {
    this.#current.set(this.#substitutes.get(state) ?? state, value);
  }

  /** Runs a part of the pass in which other states stand in for some. */
  substituting<Result>(
    substitutes: ReadonlyMap<State, State>,
    part: () => Result,
  ): Result {
    const outer = this.#substitutes;
    this.#substitutes = new Map([...outer, ...substitutes]);
    try {
      return part();
    } finally {
      this.#substitutes = outer;
    }
  }

  /** The new values of all states that were updated, to be assigned at the end of the step. */
  get assignments(): Assignment[] {
    return [...this.#current].map(([{ storage }, value]) => ({
      storage,
      value,
    }));
  }
}
