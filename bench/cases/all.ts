/** All cases, in the order in which they run. */
import { attentionCases } from "./attention.ts";
import type { Case } from "./case.ts";
import { convolutionCases } from "./convolution.ts";
import { dispatchCase } from "./dispatch.ts";
import { layerStepCases } from "./layer_step.ts";
import { matmulCases } from "./matmul.ts";
import { memoryCases } from "./memory.ts";
import { distributedCases } from "./distributed.ts";
import { firstStepCase, memoryDriftCase } from "./process.ts";
import { trainingCases } from "./training.ts";
import { vocabularyCases } from "./vocabulary.ts";

/** The cases for a device; a GPU gets larger ones. */
export function allCases(onGpu: boolean): Case[] {
  return [
    ...matmulCases(onGpu),
    ...convolutionCases(onGpu),
    ...layerStepCases(),
    ...attentionCases(),
    ...vocabularyCases(),
    ...trainingCases(),
    dispatchCase,
    firstStepCase,
    ...memoryCases(),
    memoryDriftCase,
    // processes share the processor
    ...(onGpu ? [] : distributedCases()),
  ];
}
