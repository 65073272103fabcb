import { alone, type Communicator } from "../engine/communicator.ts";
import { dropout, type RandomSource } from "../engine/ops/random.ts";
import type { Assignment } from "../engine/compile/schedule.ts";
import {
  checkShape,
  type Storage,
  type Tensor,
} from "../engine/graph/tensor.ts";
import type { State } from "./state.ts";

/** How processes share a training pass: each has some instances of the batch. */
export interface Sharing {
  /** The processes. */
  readonly communicator: Communicator;
  /** Whether batch normalisation takes the statistics of the batches of all processes together. */
  readonly synchronizesStatistics: boolean;
}

/** What a forward pass needs besides its input: whether it trains, random numbers, states. */
export class Context {
  readonly #current = new Map<State, Tensor>();
  readonly #random?: RandomSource;
  /** The processes that share the pass; this one alone by default. */
  readonly communicator: Communicator;
  /** The processes whose batches have common statistics. */
  readonly statisticsCommunicator: Communicator;
  readonly #differing = new Set<Storage>();
  #substitutes: ReadonlyMap<State, State> = new Map();

  /** A pass that trains if it is given random numbers, and evaluates if not. */
  constructor(random?: RandomSource, sharing?: Sharing) {
    this.#random = random;
    this.communicator = sharing?.communicator ?? alone;
    this.statisticsCommunicator = sharing?.synchronizesStatistics
      ? sharing.communicator
      : alone;
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

  /**
   * Replaces the value of a state; a network that is applied twice updates its states twice.
   *
   * @param value of the state's shape
   * @param differs whether the value depends on what this process alone has seen
   * @throws {RangeError} if the value has another shape.
   */
  update(state: State, value: Tensor, differs = false): void {
    const actual = this.#substitutes.get(state) ?? state;
    checkShape(value, state.shape, `state ${state.storage.name}: a new value`);
    this.#current.set(actual, value);
    if (differs) this.#differing.add(actual.storage);
  }

  /** Whether the new value of a storage differs from process to process. */
  differs(storage: Storage): boolean {
    return this.#differing.has(storage);
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
