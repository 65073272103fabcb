import { imageSizeOf } from "../../datasets/registry.ts";
import { UserError } from "../../engine/user_error.ts";
import { terms } from "../../losses/registry.ts";
import { buildModel } from "../build_model.ts";
import type { Config } from "../config/config.ts";
import { loadInitialWeights } from "../initial_weights.ts";
import { retrievalTask, termsByWeight } from "../report/indicators.ts";
import { traceStep } from "../training_step.ts";

/**
 * Refuses parts that do not fit together, initial weights that do not fit them, or a step in which a
 * loss has nothing to tell apart, before anything slow is done.
 *
 * @throws {UserError} They do not, or it has not.
 */
export async function checkModel(config: Config): Promise<void> {
  const { seed: _, ...withoutSeed } = config;
  const imageSize = imageSizeOf(config.data);
  // without a seed no weights are drawn
  const built = buildModel(withoutSeed, imageSize);
  traceStep({ config, ...built, imageSize });
  checkCandidates(config);
  await loadInitialWeights(built, config);
}

/** Refuses a loss of which a random choice among the candidates is always right. */
function checkCandidates(config: Config): void {
  for (const { name } of termsByWeight(config)) {
    const chance = retrievalTask(name, config)?.chance;
    if (chance === undefined || chance < 1) continue;
    throw new UserError(
      `losses.${name} has nothing to tell apart in a step: ` +
        (terms[name].subject === "images"
          ? `all views are of one image; set batchSize to ${
            2 * config.views
          } or more`
          : "one patch is masked; set model.masked to 2 or more"),
    );
  }
}
