import { z } from "zod";
import configuration from "../../deno.json" with { type: "json" };
import { UserError } from "../../engine/user_error.ts";
import {
  UNFINISHED_SUFFIX,
  writeAtomically,
  writeJsonAtomically,
} from "../../datasets/files/atomic_file.ts";
import { sha256 } from "../../datasets/files/digest.ts";
import { listFolder, makeFolder } from "../../datasets/files/folders.ts";
import {
  openSafetensors,
  readTensors,
  writeSafetensors,
} from "./safetensors.ts";
import { DamagedFileError, type StoredTensor } from "./safetensors_header.ts";
import { readText } from "../../datasets/files/read_file.ts";
import { digestOfTensors } from "./tensor_digest.ts";
import { withFileErrors } from "../../datasets/files/system_error.ts";

/**
 * The state of a run after a step. On disk it is a pair of files, `step-000123.safetensors` and,
 * written after it, `step-000123.json`: the pair is whole if and only if the second exists.
 */
export interface Checkpoint {
  /** Number of steps done. */
  readonly step: number;
  /** The tensors by name. */
  readonly tensors: Readonly<Record<string, StoredTensor>>;
  /** What else is needed to go on; anything that JSON holds. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

/**
 * What made a checkpoint. Both of its files say it, so that neither passes with one of another
 * checkpoint; the tensors' file does so in its `__metadata__`.
 */
const stampSchema = z.object({
  /** Version of this package. */
  version: z.string(),
  /** Number of steps done. */
  step: z.string(),
  /** Digest of the metadata, and so of the settings among them, as they were saved. */
  settings: z.string(),
  /** Digest of the tensors. */
  checksum: z.string(),
});

type Stamp = z.infer<typeof stampSchema>;

const sidecarSchema = z.strictObject({
  step: z.int().nonnegative(),
  metadata: z.record(z.string(), z.unknown()),
  // earlier versions wrote neither
  stamp: stampSchema.optional(),
  /** Digest of all else in the file. */
  digest: z.string().optional(),
});

type Sidecar = Omit<z.infer<typeof sidecarSchema>, "digest">;

/**
 * Saves a checkpoint, then removes all but the newest `keep`. A save cut off at any moment, or failing,
 * leaves the earlier checkpoints as they were; what it leaves behind is removed by the next one.
 *
 * @param folder Holds nothing but the checkpoints of one run; made where it does not exist.
 * @param checkpoint What to save; replaces a checkpoint of the same step.
 * @param keep How many of the newest to keep, at least 1.
 * @throws {UserError} The disk is full or access is denied.
 */
export async function saveCheckpoint(
  folder: string,
  { step, tensors, metadata }: Checkpoint,
  keep: number,
): Promise<void> {
  if (keep < 1) throw new RangeError(`keep is ${keep}; it must be at least 1`);
  const tensorsPath = `${folder}/${tensorsName(step)}`;
  const sidecarPath = `${folder}/${sidecarName(step)}`;
  const stamp: Stamp = {
    version: configuration.version,
    step: String(step),
    settings: await sha256(JSON.stringify(metadata)),
    checksum: await checksumOf(tensors),
  };
  await makeFolder(folder);
  // Without its JSON an older checkpoint of this step is no longer one: never old beside new.
  await remove(sidecarPath);
  await removeUnfinished(folder);
  await writeAtomically(
    tensorsPath,
    (sink) => writeSafetensors(sink, tensors, stamp),
  );
  try {
    await writeSidecar(sidecarPath, { step, metadata, stamp });
  } catch (error) {
    await Deno.remove(tensorsPath).catch(() => {});
    throw error;
  }
  await removeOld(folder, keep);
}

/**
 * Changes what checkpoints hold besides their tensors, in all of them that are whole.
 *
 * @throws {UserError} A file cannot be read or written.
 */
export async function changeMetadata(
  folder: string,
  change: (metadata: Checkpoint["metadata"]) => Checkpoint["metadata"],
): Promise<void> {
  for (const step of await listCheckpoints(folder)) {
    const path = `${folder}/${sidecarName(step)}`;
    try {
      const sidecar = await readSidecar(path);
      const metadata = change(sidecar.metadata);
      await writeSidecar(path, { ...sidecar, metadata });
    } catch (error) {
      if (!(error instanceof DamagedFileError)) throw error;
    }
  }
}

/**
 * Lists the steps of which a folder holds a checkpoint.
 *
 * @returns Steps in ascending order; empty where the folder does not exist.
 * @throws {UserError} The folder cannot be read.
 */
export async function listCheckpoints(folder: string): Promise<number[]> {
  return (await listFolder(folder))
    .map((name) => name.match(/^step-(\d+)\.json$/)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
    .sort((a, b) => a - b);
}

/**
 * Checks that the checkpoint of a step that was asked for exists.
 *
 * @param steps The steps of which there is one.
 * @param path Names the run.
 * @throws {UserError} if it is not; the message lists those that are.
 */
export function requireStep(
  step: number,
  steps: readonly number[],
  path: string,
): void {
  if (steps.includes(step)) return;
  const list = steps.length > 0 ? `those of ${steps.join(", ")}` : "none";
  throw new UserError(
    `${path} has no checkpoint of step ${step}, but ${list}; choose another --checkpoint`,
  );
}

/**
 * Loads the checkpoint of a step.
 *
 * @throws {DamagedFileError} One of its files is missing, cut short, damaged or of another checkpoint.
 * @throws {UserError} One of its files cannot be read.
 */
export async function loadCheckpoint(
  folder: string,
  step: number,
): Promise<Checkpoint> {
  const { metadata, stamp, file } = await openPair(folder, step);
  const tensors = await readTensors(file);
  if (stamp && await checksumOf(tensors) !== stamp.checksum) {
    throw new DamagedFileError(
      `${file.path} is damaged: it does not hold the numbers that were saved`,
    );
  }
  return { step, tensors, metadata };
}

/**
 * Loads the newest checkpoint of a folder.
 *
 * @returns `undefined` where there is none.
 * @throws {UserError} It cannot be read, or is damaged: the message then names the newest whole one
 * before it and what to do.
 */
export async function loadLatestCheckpoint(
  folder: string,
): Promise<Checkpoint | undefined> {
  const steps = await listCheckpoints(folder);
  const latest = steps.pop();
  if (latest === undefined) return undefined;
  try {
    return await loadCheckpoint(folder, latest);
  } catch (error) {
    if (!(error instanceof DamagedFileError)) throw error;
    const { whole, damaged } = await findWhole(folder, steps);
    const files = [latest, ...damaged].map((step) =>
      `${folder}/${sidecarName(step)}`
    );
    throw new UserError(
      whole === undefined
        ? `${error.message}; no earlier checkpoint is whole, so start a new run`
        : `${error.message}; to go on from step ${whole}, the newest whole checkpoint ` +
          `before it, remove ${files.join(" and ")}`,
      { cause: error },
    );
  }
}

/** Whether a file is of the checkpoint of step 0, which is worth nothing once its run is given up. */
export function isOfStep0(name: string): boolean {
  return [tensorsName(0), sidecarName(0)].includes(name);
}

const stemOf = (step: number) => `step-${String(step).padStart(6, "0")}`;
const tensorsName = (step: number) => `${stemOf(step)}.safetensors`;
const sidecarName = (step: number) => `${stemOf(step)}.json`;

/** Checks both files of a checkpoint without reading the tensors. */
async function openPair(folder: string, step: number) {
  const tensorsPath = `${folder}/${tensorsName(step)}`;
  const sidecarPath = `${folder}/${sidecarName(step)}`;
  const sidecar = await readSidecar(sidecarPath);
  if (sidecar.step !== step) {
    throw new DamagedFileError(
      `${sidecarPath} is damaged: it says that its step is ${sidecar.step}`,
    );
  }
  if (!(await listFolder(folder)).includes(tensorsName(step))) {
    throw new DamagedFileError(`${tensorsPath} is missing`);
  }
  const file = await openSafetensors(tensorsPath);
  const made = stampSchema.safeParse(file.metadata).data;
  const { stamp } = sidecar;
  if (stamp?.settings !== made?.settings || stamp?.step !== made?.step) {
    const other = made && made.settings === stamp?.settings
      ? `step ${made.step}`
      : "another model or run";
    throw new DamagedFileError(
      `${tensorsPath} is of ${other}: ${sidecarPath} was not saved with it`,
    );
  }
  return { ...sidecar, file };
}

/** Digest of tensors, in whichever order a file has them. */
function checksumOf(tensors: Checkpoint["tensors"]): Promise<string> {
  const byName = Object.entries(tensors).sort(([a], [b]) => a < b ? -1 : 1);
  return digestOfTensors(Object.fromEntries(byName));
}

/** The newest whole checkpoint of those listed, and the damaged ones after it. */
async function findWhole(folder: string, steps: readonly number[]) {
  const damaged: number[] = [];
  for (const step of steps.toReversed()) {
    try {
      await loadCheckpoint(folder, step);
      return { whole: step, damaged };
    } catch (error) {
      if (!(error instanceof DamagedFileError)) throw error;
      damaged.push(step);
    }
  }
  return { damaged };
}

/** Removes what an unfinished save has left. */
async function removeUnfinished(folder: string): Promise<void> {
  const names = await listFolder(folder);
  for (const name of names) {
    const isOrphan = /^step-\d+\.safetensors$/.test(name) &&
      !names.includes(name.replace(/safetensors$/, "json"));
    if (isOrphan || name.endsWith(UNFINISHED_SUFFIX)) {
      await remove(`${folder}/${name}`);
    }
  }
}

async function removeOld(folder: string, keep: number): Promise<void> {
  const steps = await listCheckpoints(folder);
  for (const step of steps.slice(0, -keep)) {
    await remove(`${folder}/${sidecarName(step)}`);
    await remove(`${folder}/${tensorsName(step)}`);
  }
}

function remove(path: string): Promise<void> {
  return withFileErrors(`cannot remove ${path}`, async () => {
    try {
      await Deno.remove(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  });
}

async function readSidecar(path: string): Promise<Sidecar> {
  const text = await readText(path);
  let parsed: z.infer<typeof sidecarSchema>;
  try {
    parsed = sidecarSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new DamagedFileError(
      `${path} is cut short or damaged: it is not the JSON of a checkpoint`,
      { cause },
    );
  }
  const { digest, ...sidecar } = parsed;
  if (digest === undefined || digest === await digestOf(sidecar)) {
    return sidecar;
  }
  throw new DamagedFileError(
    `${path} is damaged or was edited: it does not hold what was saved`,
  );
}

async function writeSidecar(path: string, sidecar: Sidecar): Promise<void> {
  const digest = await digestOf(sidecar);
  await writeJsonAtomically(path, { ...sidecar, digest });
}

function digestOf({ step, metadata, stamp }: Sidecar): Promise<string> {
  return sha256(JSON.stringify({ step, metadata, stamp }));
}
