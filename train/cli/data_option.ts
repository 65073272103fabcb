import { UserError } from "../../engine/user_error.ts";
import type { OpenedRun } from "../run/load_run.ts";
import type { Option } from "./arguments.ts";
import { isThere } from "./is_there.ts";
import { located } from "./located.ts";

/** The option of commands that look at the images of a run again. */
export const dataOption = {
  data: {
    kind: "path",
    value: "FOLDER",
    help: "where the run's images are, if they were moved",
  },
} as const satisfies Record<string, Option>;

/**
 * A run whose config says where its images are now.
 *
 * @param folder The value of `--data`; if it is not given, they are where they were.
 * @throws {UserError} They are not there, or are not read from a folder.
 */
export async function withImagesIn(
  folder: string | undefined,
  { run, config }: OpenedRun,
): Promise<OpenedRun> {
  const data = located(config.data);
  if (folder === undefined) {
    if ("path" in data && !await isThere(data.path)) {
      throw new UserError(
        `the images of ${run.path} are not in ${data.path} any more; give their folder with --data FOLDER`,
      );
    }
    return { run, config: { ...config, data } };
  }
  if (!("path" in data)) {
    throw new UserError(
      `the images of ${run.path} are drawn, not read from a folder; leave out --data`,
    );
  }
  return { run, config: { ...config, data: { ...data, path: folder } } };
}
