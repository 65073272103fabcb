import { assertRejects } from "@std/assert";
import { UserError } from "../../../engine/user_error.ts";
import { lockRun } from "../../../train/run/lock.ts";
import { createRunFolder } from "../../../train/run/run_folder.ts";
import { TemporaryFolder } from "../../datasets/temporary_folder.ts";

Deno.test("lockRun: a second one is refused in a sentence, until the first is disposed of", async () => {
  using folder = new TemporaryFolder();
  const run = await createRunFolder("run", {}, `${folder.path}/run`);
  {
    using _first = await lockRun(run);
    await assertRejects(
      () => lockRun(run),
      UserError,
      `${run.path} is in use: another process trains in it; wait until it ends, or stop it`,
    );
  }
  using _again = await lockRun(run);
});
