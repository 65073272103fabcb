/** A program that fetches an archive as `--download` does: `fetch_archive.ts URL MD5`. */
import { discardArchive, downloadArchive } from "../../datasets/download.ts";
import { listFolder } from "../../datasets/files/folders.ts";
import { runProgram } from "../../train/cli/run_program.ts";

const [url, md5] = Deno.args;

await runProgram(async () => {
  const isPresent = (await listFolder("data")).includes("images");
  await (isPresent
    ? discardArchive({ url, md5 }, "data")
    : downloadArchive({ url, md5 }, "data", "images", () => {}));
});
