import type { Draw } from "../fuzz/draw.ts";
import { outputOf } from "../train/cli/command.ts";
import { listCheckpoints } from "../../train/run/checkpoint.ts";
import { readMetrics } from "../../train/run/metrics_file.ts";
import type { Command } from "./commands.ts";
import type { Kill } from "./effects.ts";
import type { Undisturbed, Workshop } from "./workshop.ts";

/** When a process is killed: in the middle of a write, between two changes to files, or at any time. */
export type Moment = "in a write" | "between writes" | "any time";

/** Half of the kills hit a write. */
export const MOMENTS: readonly Moment[] = [
  "in a write",
  "between writes",
  "in a write",
  "any time",
];

/** What came of a command that was killed and then went on. */
export interface KillOutcome {
  /** How often it was killed. */
  readonly kills: number;
  /** What was wrong afterwards; absent where nothing was. */
  readonly problem?: string;
}

/** In so many cases what goes on after a kill is killed too. */
const AGAIN = 4;

/**
 * Kills a command at a moment, as `kill -9` does, once or more often, then lets it go on: it must come to
 * what it comes to undisturbed.
 */
export async function tryKill(
  workshop: Workshop,
  command: Command,
  moment: Moment,
  draw: Draw,
): Promise<KillOutcome> {
  const undisturbed = await workshop.undisturbed(command);
  await workshop.restore(command.needs);
  let kills = 0;
  do {
    const child = start(workshop, command, moment, undisturbed, draw);
    const { signal } = await child;
    if (signal === "SIGKILL") kills++;
    const problem = await lossOf(workshop, command);
    if (problem) return { kills, problem };
  } while (draw.below(AGAIN) === 0);
  const problem = await workshop.goOn(command) ??
    await workshop.difference(command);
  return { kills, problem };
}

/** Runs a command until it is killed, or ends before. */
async function start(
  workshop: Workshop,
  command: Command,
  moment: Moment,
  { changes, milliseconds }: Undisturbed,
  draw: Draw,
): Promise<Deno.CommandStatus> {
  if (moment === "any time") {
    const child = workshop.start(command);
    const timer = setTimeout(
      () => child.kill("SIGKILL"),
      draw.below(Math.ceil(milliseconds)),
    );
    await outputOf(child);
    clearTimeout(timer);
    return await child.status;
  }
  const hitsWrite = moment === "in a write";
  const candidates = [...changes.keys()].filter((i) =>
    (changes[i].bytes !== undefined) === hitsWrite
  );
  const effect: Kill = hitsWrite
    ? "killed within"
    : draw.of(["killed before", "killed after"]);
  const child = workshop.start(command, 1 + draw.of(candidates), effect);
  await outputOf(child);
  return await child.status;
}

/** Says so if more steps are lost than were taken since the checkpoint that was due last. */
async function lossOf(
  { path }: Workshop,
  { training }: Command,
): Promise<string | undefined> {
  if (!training) return;
  const folder = `${path}/${training.folder}`;
  const saved = (await listCheckpoints(`${folder}/checkpoints`)).at(-1) ?? 0;
  const measured = (await readMetrics(`${folder}/metrics.jsonl`)).at(-1);
  const lost = (measured?.step ?? 0) - saved;
  if (lost > training.every) return `${lost} steps are lost`;
}
