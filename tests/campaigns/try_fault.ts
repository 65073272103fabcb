import { outputOf } from "../train/cli/command.ts";
import { listCheckpoints, loadCheckpoint } from "../../train/run/checkpoint.ts";
import type { Draw } from "../fuzz/draw.ts";
import type { Command } from "./commands.ts";
import type { Fault } from "./effects.ts";
import type { FileChange } from "./file_changes.ts";
import { contentsOf, differenceOf } from "./folder_contents.ts";
import type { Workshop } from "./workshop.ts";

/** How the system refuses each operation, and what it takes in part. */
const FAULTS: Readonly<Record<string, readonly Fault[]>> = {
  write: ["ENOSPC", "EIO", "short"],
  sync: ["EIO"],
  truncate: ["EIO"],
  open: ["EACCES", "ENOSPC"],
  mkdir: ["EACCES", "ENOSPC"],
  rename: ["EACCES", "EIO"],
  remove: ["EACCES", "EIO"],
};

/** What each error is called in a sentence. */
const REASON = /the disk is full|denies access|read or write error/;

/** A change to files that is to fail, and how. */
export interface FileFault {
  /** Which change of the command, counted from 1. */
  readonly at: number;
  readonly change: FileChange;
  readonly fault: Fault;
}

/**
 * Every way in which a command's changes to files can fail. Of many writes in a row to one file the
 * first, the last and one between them stand for all.
 */
export function faultsOf(
  changes: readonly FileChange[],
  draw: Draw,
): FileFault[] {
  return seriesOf(changes).flatMap(({ start, end }) => {
    const chosen = new Set([start, start + draw.below(end - start), end - 1]);
    return [...chosen].flatMap((i) =>
      FAULTS[changes[i].operation].map((fault) => ({
        at: i + 1,
        change: changes[i],
        fault,
      }))
    );
  });
}

/** How a command ended: it said that it failed, or did without what had failed. */
export type FaultEnding = "one sentence" | "done nevertheless";

/** What came of a command of which a change to files failed. */
export interface FaultOutcome {
  readonly ending: FaultEnding;
  /** What was wrong; absent where nothing was. */
  readonly problem?: string;
}

/**
 * Lets a change of a command to files fail: it must end with one sentence and its checkpoints whole, or
 * do without, and come to what it comes to undisturbed when it is run again.
 */
export async function tryFault(
  workshop: Workshop,
  command: Command,
  { at, fault }: FileFault,
): Promise<FaultOutcome> {
  const { contents } = await workshop.undisturbed(command);
  workshop.restore(command.needs);
  const { code, stderr } = await outputOf(workshop.start(command, at, fault));
  const ending = code === 0 ? "done nevertheless" : "one sentence";
  const problem = (code === 0 ? undefined : badEnding(code, stderr)) ??
    (fault === "short"
      ? code === 0
        ? differenceOf(contentsOf(workshop.path), contents)
        : `a short write ends it:\n${stderr}`
      : await damageOf(workshop, command) ?? await workshop.goOn(command));
  return { ending, problem };
}

/** Says so unless a program ended with one sentence that says why. */
export function badEnding(
  code: number,
  stderr: string,
  reason = REASON,
): string | undefined {
  const lines = stderr.trimEnd().split("\n");
  const errors = lines.filter((line) => line.startsWith("error: "));
  const isClear = errors.length === 1 && errors[0] === lines.at(-1) &&
    reason.test(errors[0]) && !/^ +at /m.test(stderr);
  if (code === 1 && isClear) return;
  return `it ends with ${code}:\n${stderr}`;
}

/** The first checkpoint that is not whole. */
export async function damageOf(
  { path }: Workshop,
  { training }: Command,
): Promise<string | undefined> {
  if (!training) return;
  const folder = `${path}/${training.folder}/checkpoints`;
  for (const step of await listCheckpoints(folder)) {
    try {
      await loadCheckpoint(folder, step);
    } catch (error) {
      return `the checkpoint of step ${step} is not whole: ${error}`;
    }
  }
}

/** Where each series of writes to one file begins and ends; other changes are by themselves. */
function seriesOf(
  changes: readonly FileChange[],
): { start: number; end: number }[] {
  const series: { start: number; end: number }[] = [];
  for (const [i, { operation, path }] of changes.entries()) {
    const before = changes[i - 1];
    const goesOn = operation === "write" && before?.operation === "write" &&
      before.path === path;
    if (goesOn) series.at(-1)!.end = i + 1;
    else series.push({ start: i, end: i + 1 });
  }
  return series;
}
