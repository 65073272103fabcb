import { z } from "zod";
import { UserError } from "../engine/user_error.ts";
import type {
  DatasetKind,
  DatasetSplits,
  ProgressListener,
} from "./dataset.ts";
import * as kinds from "./kinds.ts";

/** Options of any kind of data set; `name` says which. */
export type DatasetOptions = Parameters<
  typeof kinds[keyof typeof kinds]["open"]
>[0];

type Member = z.ZodType<DatasetOptions> & z.core.$ZodTypeDiscriminable;

/**
 * Accepts {@linkcode DatasetOptions}.
 *
 * @internal
 */
export const datasetSchema: z.ZodType<DatasetOptions> = z.discriminatedUnion(
  "name",
  Object.values(kinds).map(({ schema }) => schema) as [Member, ...Member[]],
);

/** Height and width in pixels of the images that `options` names, without looking at them. */
export function imageSizeOf(options: DatasetOptions): number {
  return kindOf(options).imageSize(options);
}

/**
 * Opens the data set that `options` names.
 *
 * @throws {UserError} When it is missing, damaged or out of reach.
 */
export function openDataset(options: DatasetOptions): Promise<DatasetSplits> {
  return kindOf(options).open(options);
}

/**
 * Fetches the data set that `options` names unless it is there.
 *
 * @throws {UserError} When there is nothing to fetch for it, and as `downloadArchive`.
 */
export async function downloadDataset(
  options: DatasetOptions,
  onProgress: ProgressListener,
): Promise<void> {
  const kind = kindOf(options);
  if (kind.download === undefined) {
    throw new UserError(
      `There is nothing to download for the data set "${options.name}".`,
    );
  }
  await kind.download(options, onProgress);
}

function kindOf(options: DatasetOptions): DatasetKind<DatasetOptions> {
  return kinds[options.name];
}
