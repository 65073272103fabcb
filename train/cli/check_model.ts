import { imageSizeOf } from "../../datasets/registry.ts";
import { buildModel } from "../build_model.ts";
import type { Config } from "../config/config.ts";
import { loadInitialWeights } from "../initial_weights.ts";

/**
 * Refuses parts that do not fit together, or initial weights that do not fit them, before anything slow
 * is done.
 *
 * @throws {UserError} They do not.
 */
export async function checkModel(
  { seed: _, ...config }: Config,
): Promise<void> {
  // without a seed no weights are drawn
  const built = buildModel(config, imageSizeOf(config.data));
  await loadInitialWeights(built, config);
}
