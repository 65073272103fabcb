import type { DatasetSplits } from "../../datasets/dataset.ts";
import { UserError } from "../../engine/user_error.ts";

/**
 * Checks that labelled images, if there are any to learn from, are there to test with too.
 *
 * @param path Names the run.
 * @throws {UserError} if they are not.
 */
export function requireTestImages(
  { train, test }: DatasetSplits,
  path: string,
): void {
  if (!train?.labels?.length || test?.labels?.length) return;
  throw new UserError(
    `the images of ${path} have labels, but there are none to test with; add some (in a folder test/ or ` +
      "a second picture of each class, in a known data set the files it lacks) and start a new run",
  );
}
