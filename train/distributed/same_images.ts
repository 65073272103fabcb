import { isDeepStrictEqual } from "node:util";
import type { Fingerprint } from "../../datasets/fingerprint.ts";
import type { Communicator } from "../../engine/communicator.ts";
import { UserError } from "../../engine/user_error.ts";
import { gatherJson } from "./share.ts";

/**
 * Checks that all ranks have the same images, of which each takes its part.
 *
 * @param size Number of images, without those that cannot be read.
 * @param fingerprint What identifies their files; absent where there are none.
 * @throws {UserError} on all ranks if they have not.
 */
export async function checkSameImages(
  communicator: Communicator,
  size: number,
  fingerprint: Partial<Fingerprint> = {},
): Promise<void> {
  // what there is to measure with is of no consequence
  const { measuring: _, ...files } = fingerprint;
  const all = await gatherJson({ size, files }, communicator);
  const [first] = all;
  const rank = all.findIndex((own) => !isDeepStrictEqual(own, first));
  if (rank < 0) return;
  const difference = all[rank].size === first.size
    ? "the files differ"
    : `${all[rank].size} in place of ${first.size}`;
  throw new UserError(
    `rank ${rank} has other images than rank 0: ${difference}; ` +
      "give its machine a copy of those of rank 0",
  );
}
