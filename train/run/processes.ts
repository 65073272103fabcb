import { z } from "zod";
import type { Config } from "../config/config.ts";
import type { Checkpoint } from "./checkpoint.ts";

const processesSchema = z.int().positive();

/** How many processes took the last step before a checkpoint; those of earlier versions do not say. */
export function processesOf({ metadata }: Checkpoint): number | undefined {
  return processesSchema.safeParse(metadata.processes).data;
}

/** Prints a line where a run goes on in another number of processes, and that changes what is computed. */
export function warnOfProcesses(
  { distributed }: Config,
  checkpoint: Checkpoint,
  processes: number,
): void {
  const before = processesOf(checkpoint);
  const local = Object.entries(distributed)
    .filter(([, extent]) => extent === "local")
    .map(([name]) => `distributed.${name}=local`);
  if (before === undefined || before === processes || local.length === 0) {
    return;
  }
  console.warn(
    `processes: ${processes} in place of ${before}, which changes what is computed with ` +
      local.join(" and "),
  );
}
