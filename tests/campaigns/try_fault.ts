import { outputOf } from "../train/cli/command.ts";
import { listCheckpoints, loadCheckpoint } from "../../train/run/checkpoint.ts";
import type { Draw } from "../fuzz/draw.ts";
import type { Command } from "./commands.ts";
import type { Fault } from "./effects.ts";
import type { FileChange } from "./file_changes.ts";
import type { Workshop } from "./workshop.ts";

/** How the system refuses each operation, and what it takes in part. */
const FAULTS: Readonly<Record<string, readonly Fault[]>> = {
  write: ["ENOSPC", "EIO", "short"],
  sync: ["EIO"],
  truncate: ["EIO"],
  open: ["EACCES", "ENOSPC"],
  create: ["EACCES", "ENOSPC"],
  mkdir: ["EACCES", "ENOSPC"],
  rename: ["EACCES", "EIO"],
  remove: ["EACCES", "EIO"],
};

/** What errors of files are called in a sentence. */
export const REASON = /the disk is full|denies access|read or write error/;

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

/** How a command ended: it said in one sentence what had failed, or did without it. */
export type FaultEnding = "one sentence" | "done nevertheless";

/** What came of a command to which something happened. */
export interface FaultOutcome {
  readonly ending: FaultEnding;
  /** What was wrong; absent where nothing was. */
  readonly problem?: string;
}

/**
 * Lets a change of a command to files fail: it must end with one sentence and its checkpoints whole, or
 * do without, and come to what it comes to undisturbed when it is run again.
 *
 * @returns Why it could not fail, where the command did not come to that change.
 */
export async function tryFileFault(
  workshop: Workshop,
  command: Command,
  { at, fault }: FileFault,
): Promise<FaultOutcome | string> {
  // has to be known before the folder is used
  await workshop.undisturbed(command);
  await workshop.restore(command.needs);
  const child = workshop.start(command, at, fault);
  const outcome = await outcomeOf(workshop, command, child, fault);
  const made = workshop.changes().length;
  return made < at ? `it made ${made} changes, not ${at}` : outcome;
}

async function outcomeOf(
  workshop: Workshop,
  command: Command,
  child: Deno.ChildProcess,
  fault: Fault,
): Promise<FaultOutcome> {
  if (fault !== "short") {
    return await judge(workshop, command, child, { reason: REASON });
  }
  const { code, stderr } = await outputOf(child);
  return {
    ending: "done nevertheless",
    problem: code === 0
      ? await workshop.difference(command)
      : `a short write ends it:\n${stderr}`,
  };
}

/** How to judge what a command does. */
interface Judgement {
  /** What its sentence must say. */
  readonly reason: RegExp;
  /** Makes good what had happened. */
  readonly repair?: () => void;
  /** Whether it need not come to what it comes to undisturbed. */
  readonly mayDiffer?: boolean;
}

/** Waits for a command to which something happens, and lets it go on. */
export async function judge(
  workshop: Workshop,
  command: Command,
  child: Deno.ChildProcess,
  { reason, repair, mayDiffer }: Judgement,
): Promise<FaultOutcome> {
  const hang = setTimeout(() => child.kill("SIGKILL"), HANG_MS);
  const { code, stderr } = await outputOf(child);
  clearTimeout(hang);
  repair?.();
  const problem = badEnding(code, stderr, reason) ??
    await damageOf(workshop, command) ??
    await workshop.goOn(command) ??
    (mayDiffer ? undefined : await workshop.difference(command));
  return { ending: code === 0 ? "done nevertheless" : "one sentence", problem };
}

/** A command that has not ended after so long never will. */
const HANG_MS = 300_000;

/** Deno's own report of an error that a worker did not catch. */
const WORKER_REPORT = /^error: Uncaught \(in worker.*\n(?: .*\n)*/m;

/** Says so unless a command is done or ended with one sentence that says why not. */
function badEnding(
  code: number,
  stderr: string,
  reason: RegExp,
): string | undefined {
  if (code === 0) return;
  const lines = stderr.replace(WORKER_REPORT, "").trimEnd().split("\n");
  const isClear = lines.at(-1)!.startsWith("error: ") &&
    reason.test(lines.at(-1)!) &&
    !lines.slice(0, -1).some((line) => /^ +at |^error: /.test(line));
  if (code !== 1 || !isClear) return `it ends with ${code}:\n${stderr}`;
}

/** The first checkpoint that is not whole. */
async function damageOf(
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
