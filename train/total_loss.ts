import type { Communicator } from "../engine/communicator.ts";
import { add, multiply } from "../engine/ops/elementwise.ts";
import type { Tensor } from "../engine/graph/tensor.ts";
import { UserError } from "../engine/user_error.ts";
import type { PretextOutputs } from "../losses/outputs.ts";
import { type TermName, terms, termsIn } from "../losses/registry.ts";
import type { LossValue } from "../losses/term.ts";
import type { Config } from "./config/config.ts";

/** The loss of a step, with the numbers to show beside it. */
export interface TotalLoss {
  /** The weighted sum of the terms, one element. */
  readonly loss: Tensor;
  /** Each term before it is weighted as `term`, and what it reports as `term.metric`. */
  readonly metrics: Readonly<Record<string, Tensor>>;
}

/**
 * The weighted sum of the terms with a weight above 0.
 *
 * @param communicator the processes whose targets are compared with; this one alone by default
 * @throws {UserError} if there is none, or one needs what the model does not output.
 */
export function totalLoss(
  outputs: PretextOutputs,
  losses: Config["losses"],
  model: string,
  communicator?: Communicator,
): TotalLoss {
  const metrics: Record<string, Tensor> = {};
  const weighted: Tensor[] = [];
  for (const name of termsIn(losses)) {
    const { weight } = losses[name];
    if (weight === 0) continue;
    const value = termValue(name, outputs, losses, communicator);
    if (!value) {
      throw new UserError(
        `losses.${name} has weight ${weight}, but the model ${model} gives nothing for it: it needs ` +
          `${
            terms[name].needs
          }; turn that on or set losses.${name}.weight to 0`,
      );
    }
    weighted.push(multiply(value.loss, weight));
    metrics[name] = value.loss;
    for (const [metric, tensor] of Object.entries(value.metrics)) {
      metrics[`${name}.${metric}`] = tensor;
    }
  }
  if (weighted.length === 0) {
    throw new UserError(
      "all losses have weight 0; give at least one of losses.* a weight above 0",
    );
  }
  return { loss: weighted.reduce(add), metrics };
}

/** A term of what a model outputs for it; `undefined` where that is nothing. */
function termValue<Name extends TermName>(
  name: Name,
  outputs: PretextOutputs,
  losses: Config["losses"],
  communicator?: Communicator,
): LossValue | undefined {
  const output: PretextOutputs[Name] = outputs[name];
  return output && terms[name].compute(output, losses[name], communicator);
}
