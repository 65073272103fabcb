import { UserError } from "../engine/user_error.ts";
import type {
  DatasetKind,
  DatasetSplits,
  OpenOptions,
  ProgressListener,
} from "./dataset.ts";
import type { Fingerprint } from "./fingerprint.ts";
import * as kinds from "./kinds.ts";

/** Options of any kind of data set; `name` says which. */
export type DatasetOptions = Parameters<
  (typeof kinds)[keyof typeof kinds]["open"]
>[0];

const registry: Readonly<
  Record<DatasetOptions["name"], DatasetKind<DatasetOptions>>
> = kinds;

/** Height and width in pixels of the images that `options` names, without looking at them. */
export function imageSizeOf(options: DatasetOptions): number {
  return registry[options.name].imageSize(options);
}

/**
 * Opens the data set that `options` names.
 *
 * @throws {UserError} It is missing, damaged or cannot be read.
 */
export function openDataset(
  options: DatasetOptions,
  how: OpenOptions = {},
): Promise<DatasetSplits> {
  return registry[options.name].open(options, how);
}

/**
 * Identifies the images of the data set that `options` names.
 *
 * @returns `undefined` where `options` say all.
 * @throws {UserError} They are missing or cannot be read.
 */
export async function fingerprintDataset(
  options: DatasetOptions,
): Promise<Fingerprint | undefined> {
  return await registry[options.name].fingerprint?.(options);
}

/**
 * Fetches the data set that `options` names unless it is there.
 *
 * @throws {UserError} There is nothing to fetch for it, the server is out of reach, or files cannot
 * be written.
 */
export async function downloadDataset(
  options: DatasetOptions,
  onProgress: ProgressListener,
): Promise<void> {
  const kind = registry[options.name];
  if (kind.download === undefined) {
    throw new UserError(
      `there is nothing to download for the data set "${options.name}"; leave out --download`,
    );
  }
  await kind.download(options, onProgress);
}
