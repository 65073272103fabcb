import { add, multiply, subtract } from "../engine/ops/elementwise.ts";
import { stopGradient } from "../engine/ops/gradient_flow.ts";
import type { Context } from "./context.ts";
import { namedParameters, namedStates } from "./module.ts";
import type { Parameter } from "./parameter.ts";
import { State } from "./state.ts";

/**
 * The momentum encoder of MoCo (He et al. 2019), BYOL and their relatives: a copy of a module whose
 * parameters follow the module's slowly. No gradient reaches the copy, and the optimiser leaves it alone.
 */
export class Momentum {
  /** θ_k: averages of the module's parameters, by their names in the module. */
  readonly averages: Readonly<Record<string, State>>;
  /** The copy's own running statistics and other states, by their names in the module. */
  readonly states: Readonly<Record<string, State>>;
  readonly #averageOf: ReadonlyMap<Parameter, State>;
  readonly #stateOf: ReadonlyMap<State, State>;

  /** A copy that starts with the initial values of `module`, which must be part of the model. */
  constructor(
    module: object,
    /** m, the share of its value that an average keeps in a step, 0 to 1; MoCo's is 0.999. */
    readonly coefficient: number,
  ) {
    const parameters = namedParameters(module);
    const states = namedStates(module);
    this.#averageOf = new Map(
      Array.from(parameters, ([name, parameter]) => [
        parameter,
        new State(`average of ${name}`, parameter.shape, parameter),
      ]),
    );
    this.#stateOf = new Map(
      Array.from(states, ([name, state]) => [
        state,
        new State(
          `copy of ${name}`,
          state.shape,
          state.source ?? state.initial.slice(),
        ),
      ]),
    );
    this.averages = renamed(parameters, this.#averageOf);
    this.states = renamed(states, this.#stateOf);
  }

  /** Moves the averages towards the module's parameters: `θ_k <- m θ_k + (1 - m) θ_q` (MoCo, Eq. 2). */
  update(context: Context): void {
    for (const [parameter, average] of this.#averageOf) {
      const value = context.value(average);
      const away = subtract(stopGradient(parameter.tensor), value);
      // m and 1 - m, rounded to float32, do not add up to 1
      const taken = multiply(away, 1 - this.coefficient);
      context.update(average, add(value, taken));
    }
  }

  /**
   * Runs forward passes of the module with the averages in place of its parameters, and with the
   * copy's states in place of its states.
   */
  run<Result>(context: Context, forward: () => Result): Result {
    const parameters = [...this.#averageOf.keys()];
    const tensors = parameters.map(({ tensor }) => tensor);
    for (const [parameter, average] of this.#averageOf) {
      parameter.place(context.value(average));
    }
    try {
      return context.substituting(this.#stateOf, forward);
    } finally {
      parameters.forEach((parameter, i) => parameter.place(tensors[i]));
    }
  }
}

/** The copies by the names of their originals. */
function renamed<Original>(
  originals: ReadonlyMap<string, Original>,
  copyOf: ReadonlyMap<Original, State>,
): Record<string, State> {
  return Object.fromEntries(
    Array.from(originals, ([name, original]) => [name, copyOf.get(original)!]),
  );
}
