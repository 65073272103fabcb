import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { UserError } from "../../../engine/user_error.ts";
import { withImagesIn } from "../../../train/cli/data_option.ts";
import { openRun } from "../../../train/run/load_run.ts";
import { imageFile } from "../../datasets/image_file.ts";
import { TemporaryFolder } from "../../datasets/temporary_folder.ts";
import { testWithSeed } from "../../random.ts";
import { makeRun, tinyFullConfig } from "../export/tiny_run.ts";
import { runTask } from "./command.ts";

testWithSeed(
  "withImagesIn: gives images the place that is named, or says that they have gone",
  async () => {
    using folder = new TemporaryFolder();
    const { path } = folder;
    const pictures = `${path}/pictures`;
    const data = { name: "folder", path: pictures, imageSize: 32 } as const;
    await makeRun(`${path}/run`, { ...tinyFullConfig, data });
    const opened = await openRun(`${path}/run`);
    await assertRejects(
      () => withImagesIn(undefined, opened),
      UserError,
      `the images of ${path}/run are not in ${pictures} any more; give their folder with --data FOLDER`,
    );
    const moved = await withImagesIn("moved", opened);
    assertEquals(moved.config.data, { ...data, path: "moved" });
    folder.write("pictures/1.png", "");
    assertEquals(await withImagesIn(undefined, opened), opened);
  },
);

testWithSeed(
  "withImagesIn: images that are drawn have no place",
  async () => {
    using folder = new TemporaryFolder();
    const run = `${folder.path}/run`;
    await makeRun(run);
    const opened = await openRun(run);
    assertEquals(await withImagesIn(undefined, opened), opened);
    await assertRejects(
      () => withImagesIn("moved", opened),
      UserError,
      `the images of ${run} are drawn, not read from a folder; leave out --data`,
    );
  },
);

testWithSeed(
  "withImagesIn: probe, finetune and report read the images of a run where they are told to",
  async () => {
    using folder = new TemporaryFolder();
    const { path } = folder;
    const data = { name: "folder", path: "pictures", imageSize: 32 } as const;
    await makeRun(`${path}/run`, { ...tinyFullConfig, data });
    const wasm = ["--device", "wasm"];
    const tasks = ["probe", "finetune", "report"] as const;
    await Promise.all(tasks.map(async (task) => {
      const { code, stderr } = await runTask(
        ...[task, path, "run", "--data", "moved", ...wasm] as const,
      );
      assertEquals(code, 1);
      assertMatch(stderr, /^error: cannot read the folder moved: /m);
    }));
    for (let i = 0; i < 12; i++) {
      const picture = imageFile("PNG", 32, 32, (x, y) => [8 * x, 8 * y, i]);
      folder.write(`moved/${["ant", "bee"][i % 2]}/${i}.png`, picture);
    }
    const { code, stdout, stderr } = await runTask(
      ...["finetune", path, "run", "--data", "moved", ...wasm] as const,
      ...["--steps", "1", "--frozen"],
    );
    assertEquals(code, 0, stderr);
    assertMatch(stdout, /^accuracy: /);
  },
);
