import { dropout, type RandomSource } from "../engine/ops/random.ts";
import type { Assignment } from "../engine/schedule.ts";
import type { Tensor } from "../engine/tensor.ts";
import type { Statistic } from "./module.ts";

/** What a forward pass needs besides its input: whether it trains, random numbers, running statistics. */
export class Context {
  readonly #current = new Map<Statistic, Tensor>();
  readonly #random?: RandomSource;

  /** A pass that trains if it is given random numbers, and evaluates if not. */
  constructor(random?: RandomSource) {
    this.#random = random;
  }

  /** Whether batches are normalised by their own statistics, and dropout drops. */
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

  /** The latest value of a statistic in this pass. */
  statistic(statistic: Statistic): Tensor {
    return this.#current.get(statistic) ?? statistic.storage.tensor();
  }

  /** Replaces a statistic; a network that is applied twice updates twice. */
  update(statistic: Statistic, value: Tensor): void {
    this.#current.set(statistic, value);
  }

  /** The updates of all statistics, to be assigned at the end of the step. */
  get assignments(): Assignment[] {
    return [...this.#current].map(([{ storage }, value]) => ({
      storage,
      value,
    }));
  }
}
