import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { UserError } from "../../../engine/user_error.ts";
import { fingerprintDataset } from "../../../datasets/registry.ts";
import type { Checkpoint } from "../../../train/run/checkpoint.ts";
import {
  checkData,
  checkOrigin,
  identifyData,
  readIdentity,
} from "../../../train/run/data_identity.ts";
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

Deno.test("identifyData, checkData: other test images are refused too, unless the note is from before they were looked at", async () => {
  using folder = new TemporaryFolder();
  const { path } = folder;
  const run = await createRunFolder("run", {}, `${path}/run`);
  const data = { name: "cifar10", path: `${path}/data` } as const;
  folder.write("data/data_batch_1.bin", new Uint8Array(3073));
  folder.write("data/test_batch.bin", new Uint8Array(3073));
  // nothing is noted by those who only check
  await checkData(run, data);
  assertEquals(await readIdentity(run), undefined);
  await identifyData(run, data);
  await checkData(run, data);
  folder.write("data/test_batch.bin", new Uint8Array(3073).fill(1));
  const refusal =
    `${data.path} does not have the images that ${run.path} was started with: the files to measure with are others; put those back`;
  const { message } = await assertRejects(
    () => checkData(run, data),
    UserError,
  );
  assertEquals(message, `${refusal}, or give the folder that has them`);
  await assertRejects(() => identifyData(run, data), UserError, refusal);
  const { measuring, ...earlier } = JSON.parse(
    await Deno.readTextFile(run.dataPath),
  );
  assertMatch(measuring, /^[0-9a-f]{64}$/);
  await Deno.writeTextFile(run.dataPath, JSON.stringify(earlier));
  await checkData(run, data);
  await identifyData(run, data);
});

Deno.test("checkOrigin: refuses a checkpoint made from other images, and none that does not say", async () => {
  using folder = new TemporaryFolder();
  const run = await createRunFolder("run", {}, `${folder.path}/run`);
  const data = { name: "folder", path: folder.path, imageSize: 8 } as const;
  folder.write("1.png", "first");
  const made = await fingerprintDataset(data);
  const check = (metadata: Checkpoint["metadata"]) =>
    checkOrigin({ step: 5, tensors: {}, metadata }, run);
  await check({ data: made });
  await identifyData(run, data);
  await check({ data: made });
  const others = { data: { ...made, contents: "" } };
  await assertRejects(
    () => check(others),
    UserError,
    `${run.dataPath} does not match the checkpoint of step 5, which was made from other images; ` +
      "put it back, or remove the checkpoint if it is of another run",
  );
  await check({});
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
