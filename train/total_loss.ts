import { add, multiply } from "../engine/ops/elementwise.ts";
import type { Tensor } from "../engine/graph/tensor.ts";
import { UserError } from "../engine/user_error.ts";
import * as kinds from "../losses/kinds.ts";
import type { LossValue, PretextOutputs } from "../losses/term.ts";
import type { Config } from "./config/config.ts";

/** The loss of a step, and every number to show beside it. */
export interface TotalLoss {
  /** The weighted sum of the terms, one element. */
  readonly loss: Tensor;
  /** Each term without its weight, and what the terms report, by `term` and `term.metric`. */
  readonly metrics: Readonly<Record<string, Tensor>>;
}

type Compute = (
  outputs: PretextOutputs,
  options: { readonly weight: number },
) => LossValue | undefined;

/**
 * The weighted sum of the terms that are switched on.
 *
 * @throws {UserError} if none is, or one needs what the model does not give.
 */
export function totalLoss(
  outputs: PretextOutputs,
  losses: Config["losses"],
  model: string,
): TotalLoss {
  const metrics: Record<string, Tensor> = {};
  const weighted: Tensor[] = [];
  for (const [name, options] of Object.entries(losses)) {
    if (options.weight === 0) continue;
    const { compute, needs } = kinds[name as keyof typeof kinds];
    const value = (compute as Compute)(outputs, options);
    if (!value) {
      throw new UserError(
        `losses.${name} has weight ${options.weight}, but the model ${model} gives nothing for it: ` +
          `it needs ${needs}; turn that on or set losses.${name}.weight to 0`,
      );
    }
    weighted.push(multiply(value.loss, options.weight));
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
