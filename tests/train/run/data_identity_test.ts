import { assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../../engine/user_error.ts";
import { identifyData } from "../../../train/run/data_identity.ts";
import { createRunFolder } from "../../../train/run/run_folder.ts";
import { TemporaryFolder } from "../../datasets/temporary_folder.ts";

Deno.test("identifyData: notes the images of a run, and refuses others in a sentence", async () => {
  using folder = new TemporaryFolder();
  const { path } = folder;
  const run = await createRunFolder("run", {}, `${path}/run`);
  const identify = (place: string) =>
    identifyData(run, {
      name: "folder",
      path: `${path}/${place}`,
      imageSize: 8,
    });
  folder.write("pictures/1.png", "first");
  folder.write("pictures/2.png", "second");
  await identify("pictures");
  await Deno.rename(`${path}/pictures`, `${path}/moved`);
  const noted = await Deno.readTextFile(run.dataPath);
  await identify("moved");

  const changes: [string, string | undefined, string][] = [
    ["2.png", "sECOND", "the contents of files are others"],
    ["2.png", "longer than before", "the sizes of files are others"],
    ["3.png", "third", "it has 3 files where there were 2"],
    ["2.png", undefined, "the names of files are others"],
  ];
  for (const [name, content, change] of changes) {
    if (content === undefined) await Deno.remove(`${path}/moved/${name}`);
    else folder.write(`moved/${name}`, content);
    await assertRejects(
      () => identify("moved"),
      UserError,
      `${path}/moved does not have the images that ${run.path} was started with: ${change}; ` +
        "put those back, give their folder with --set data.path=FOLDER, or start a new run",
    );
  }
  assertEquals(await Deno.readTextFile(run.dataPath), noted);
});

Deno.test("identifyData: a note that was edited is refused by name", async () => {
  using folder = new TemporaryFolder();
  const run = await createRunFolder("run", {}, `${folder.path}/run`);
  folder.write("pictures/1.png", "first");
  folder.write("run/data.json", "{}");
  await assertRejects(
    () =>
      identifyData(run, {
        name: "folder",
        path: `${folder.path}/pictures`,
        imageSize: 8,
      }),
    UserError,
    `${run.dataPath} is damaged or was edited`,
  );
});
