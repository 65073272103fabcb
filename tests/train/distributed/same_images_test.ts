import { assert, assertEquals } from "@std/assert";
import { UserError } from "../../../engine/user_error.ts";
import { checkSameImages } from "../../../train/distributed/same_images.ts";
import { localCommunicators } from "../../engine/local_communicators.ts";

const files = { files: 9, names: "n", sizes: "s", contents: "c" };

/** What becomes of three ranks of which the last has other images. */
async function check(other: typeof files & { measuring?: string }, size = 9) {
  const results = await Promise.allSettled(
    localCommunicators(3).map((communicator) =>
      communicator.rank === 2
        ? checkSameImages(communicator, size, other)
        : checkSameImages(communicator, 9, files)
    ),
  );
  return results.map((result) => {
    if (result.status === "fulfilled") return undefined;
    assert(result.reason instanceof UserError);
    return result.reason.message;
  });
}

Deno.test("checkSameImages: accepts the same images, whatever there is to measure with", async () => {
  const passed = [undefined, undefined, undefined];
  assertEquals(await check(files), passed);
  assertEquals(await check({ ...files, measuring: "m" }), passed);
});

Deno.test("checkSameImages: another copy ends all ranks with the name of one", async () => {
  const message =
    "rank 2 has other images than rank 0: the files differ; give its machine a copy of those of rank 0";
  assertEquals(
    await check({ ...files, contents: "d" }),
    [message, message, message],
  );
});

Deno.test("checkSameImages: fewer pictures that can be read end all ranks with their number", async () => {
  const message =
    "rank 2 has other images than rank 0: 8 in place of 9; give its machine a copy of those of rank 0";
  assertEquals(await check(files, 8), [message, message, message]);
});
