import { z } from "zod";
import { writeJsonAtomically } from "../../datasets/files/atomic_file.ts";
import type { Fingerprint } from "../../datasets/fingerprint.ts";
import {
  type DatasetOptions,
  fingerprintDataset,
} from "../../datasets/registry.ts";
import { UserError } from "../../engine/user_error.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { readNote } from "./note_file.ts";
import type { RunFolder } from "./run_folder.ts";

const fingerprintSchema: z.ZodType<Fingerprint> = z.strictObject({
  files: z.int().nonnegative(),
  names: z.string(),
  sizes: z.string(),
  contents: z.string(),
  // earlier versions wrote none
  measuring: z.string().optional(),
});

/**
 * Notes in the folder of a run which images it is trained on, or, where that is noted, checks that
 * a data set has the same ones. Where they lie may change.
 *
 * @throws {UserError} The images are others, or files cannot be read or written.
 */
export async function identifyData(
  run: RunFolder,
  options: DatasetOptions,
): Promise<void> {
  const found = await fingerprintDataset(options);
  if (!found) return;
  const noted = await readIdentity(run);
  if (!noted) return await writeJsonAtomically(run.dataPath, found);
  const remedy =
    "put those back, give their folder with --set data.path=FOLDER, or start a new run";
  refuseOthers(run, options, noted, found, remedy);
}

/**
 * Checks that a data set has the images that a run was trained on, as far as that is noted.
 *
 * @throws {UserError} The images are others, or files cannot be read.
 */
export async function checkData(
  run: RunFolder,
  options: DatasetOptions,
): Promise<void> {
  const noted = await readIdentity(run);
  const found = await fingerprintDataset(options);
  if (!noted || !found) return;
  refuseOthers(
    run,
    options,
    noted,
    found,
    "put those back, or give the folder that has them",
  );
}

function refuseOthers(
  { path }: RunFolder,
  options: DatasetOptions,
  noted: Fingerprint,
  found: Fingerprint,
  remedy: string,
): void {
  const change = changeOf(noted, found);
  if (change === undefined) return;
  const place = "path" in options ? options.path : options.name;
  throw new UserError(
    `${place} does not have the images that ${path} was started with: ${change}; ${remedy}`,
  );
}

/**
 * Checks that a checkpoint was made from the images that are noted in the folder of a run.
 * Those of earlier versions do not say.
 *
 * @throws {UserError} It was made from others, or the note is damaged.
 */
export async function checkOrigin(
  { step, metadata }: Checkpoint,
  run: RunFolder,
): Promise<void> {
  const noted = await readIdentity(run);
  const made = fingerprintSchema.safeParse(metadata.data).data;
  if (!noted || !made || !changeOf(made, noted)) return;
  throw new UserError(
    `${run.dataPath} does not match the checkpoint of step ${step}, which was made from other images; ` +
      "put it back, or remove the checkpoint if it is of another run",
  );
}

/**
 * What is noted in the folder of a run of its images.
 *
 * @returns `undefined` where there is no note.
 * @throws {UserError} The note is damaged or cannot be read.
 */
export function readIdentity(
  { dataPath }: RunFolder,
): Promise<Fingerprint | undefined> {
  return readNote(dataPath, fingerprintSchema, "images");
}

function changeOf(noted: Fingerprint, found: Fingerprint): string | undefined {
  if (found.files !== noted.files) {
    return `it has ${found.files} files where there were ${noted.files}`;
  }
  const different = (["names", "sizes", "contents"] as const)
    .find((part) => found[part] !== noted[part]);
  if (different) return `the ${different} of files are others`;
  return noted.measuring && noted.measuring !== found.measuring
    ? "the files to measure with are others"
    : undefined;
}
