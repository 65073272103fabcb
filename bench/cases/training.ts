import { trainingWork } from "../models.ts";
import type { WorkCase } from "./case.ts";

/** Whole training steps with the optimiser. */
export function trainingCases(): WorkCase[] {
  return (["baseline-tiny", "dv2-tiny", "resnet50"] as const).map((model) => ({
    name: `${model} training step`,
    tolerance: 2e-3,
    make: () => trainingWork(model),
  }));
}
