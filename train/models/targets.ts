import { z } from "zod";
import { stopGradient } from "../../engine/ops/gradient_flow.ts";
import type { Tensor } from "../../engine/graph/tensor.ts";

/** Settings of what predictions are compared with. */
export interface TargetOptions {
  /**
   * Whether predictions are compared with patches as they are after the exchange; `true` by default.
   * `false` takes these from a second pass without it, so that they do not reveal which were visible.
   */
  readonly exchange: boolean;
  /**
   * Patches: `online`, the default and the paper's choice, are trained as targets too; with
   * `stopGradient` they are trained only as the basis of predictions; those of the `momentum`
   * encoder come from a slow copy of the patch path and its head (MoCo, He et al. 2019).
   */
  readonly patches: "online" | "stopGradient" | "momentum";
  /** Likewise for images; with `stopGradient`, what only they pass through, `res5` and their head, is not trained. */
  readonly images: "online" | "stopGradient";
  /** m, the share of its weights that the momentum encoder keeps in a step, 0 to 1; 0.99 by default. */
  readonly momentum: number;
}

/** Accepts {@linkcode TargetOptions}. */
export const targetOptions: z.ZodType<TargetOptions> = z.strictObject({
  exchange: z.boolean().default(true),
  patches: z.enum(["online", "stopGradient", "momentum"]).default("online"),
  images: z.enum(["online", "stopGradient"]).default("online"),
  momentum: z.number().min(0).max(1).default(0.99),
});

/** Targets, which are trained too, or not. */
export function targetsFrom(
  source: TargetOptions["patches"],
  targets: Tensor,
): Tensor {
  return source === "online" ? targets : stopGradient(targets);
}
