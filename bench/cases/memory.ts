import { planProgram, type ProgramDefinition } from "../../engine/program.ts";
import { traceStep } from "../../train/training_step.ts";
import { presetConfig, trainingWork } from "../models.ts";
import { plainDefinition, shippedParts } from "../ours/training.ts";
import type { FactCase } from "./case.ts";

/** How much more than the plan's lower bound the working memory of a step may take. */
const BAR = 1.15;

/** Working memory of a step, in units of what is alive at once at its peak. */
export function memoryCases(): FactCase[] {
  return [
    memoryCase(
      "dv2-tiny",
      () => traceStep(shippedParts(presetConfig("dv2-tiny"))).definition,
    ),
    memoryCase(
      "resnet50",
      () => plainDefinition(trainingWork("resnet50")).definition,
    ),
  ];
}

function memoryCase(name: string, make: () => ProgramDefinition): FactCase {
  return {
    name: `${name} peak memory against lower bound`,
    measure({ limits }) {
      const { arenaBytes, liveBytes } = planProgram(make(), limits);
      return {
        ours: arenaBytes / liveBytes,
        peer: "bar",
        theirs: BAR,
        unit: "x",
      };
    },
  };
}
