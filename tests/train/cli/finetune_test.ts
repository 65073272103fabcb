/** The command `finetune` from end to end, as a user runs it. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { listFolder } from "../../../datasets/files/folders.ts";
import { imageFile } from "../../datasets/image_file.ts";
import { TemporaryFolder } from "../../datasets/temporary_folder.ts";
import type { Config } from "../../../train/config/config.ts";
import { makeRun, tinyFullConfig } from "../export/tiny_run.ts";
import { tinyConfig } from "../tiny_model.ts";
import {
  changedPictures,
  FIVE_PICTURES,
  type Output,
  outputOf,
  readJson,
  runTask,
  startTask,
  stepsMeasured,
} from "./command.ts";
import { testWithSeed } from "../../random.ts";

const config = { ...tinyFullConfig, metricsEvery: 1 };

function finetune(folder: string, ...args: string[]): Promise<Output> {
  return runTask("finetune", folder, ...args, "--device", "wasm");
}

testWithSeed(
  "finetune: trains the network of a run, tells how it does, and only once",
  async () => {
    using folder = new TemporaryFolder();
    const { path } = folder;
    await makeRun(`${path}/run`, config);
    const args = ["run", "--steps", "3", "--batch-size", "2", "--frozen"];
    const { code, stdout, stderr } = await finetune(path, ...args);
    assertEquals(code, 0, stderr);
    const out = "run/finetune/both-step-5-frozen-seed-7";
    assertMatch(stderr, /^device: WebAssembly .*\(asked for\)$/m);
    assertMatch(stderr, new RegExp(`^fine-tuning: ${out}$`, "m"));
    assertMatch(
      stderr,
      /^compiling a step \.\.\.\ntraining for 3 steps \.\.\.$/m,
    );
    assertMatch(stderr, /^step 3: \d+\.\d % of held-out images right$/m);
    assertMatch(stderr, /^classifying 4 test images \.\.\.$/m);
    const result = await readJson(`${path}/${out}/result.json`);
    const accuracy = (100 * result.accuracy).toFixed(1);
    assertEquals([result.fitted, result.heldOut, result.images], [7, 1, 4]);
    assertMatch(
      stdout,
      new RegExp(`^accuracy: ${accuracy} ± [\\d.]+ % of 4 test images, `),
    );
    assertMatch(
      stdout,
      /^fitted to 7 images; step 3 did best on 1 more, with [\d.]+ %$/m,
    );
    assertMatch(stdout, new RegExp(`^result: ${out}/result.json$`, "m"));
    const settings = await readJson(`${path}/${out}/config.json`);
    assertEquals(
      [
        settings.steps,
        settings.batchSize,
        settings.frozen,
        settings.checkpoint,
      ],
      [3, 2, true, 5],
    );

    const again = await finetune(path, ...args);
    assertEquals([again.code, again.stdout], [0, stdout]);
    assertEquals(again.stderr.trimEnd().split("\n").length, 2, again.stderr);
  },
);

testWithSeed(
  "finetune: Ctrl-C ends it with a checkpoint, and the same command goes on",
  async () => {
    using folder = new TemporaryFolder();
    const { path } = folder;
    await makeRun(`${path}/run`, config);
    const args = [
      ...["run", "--out", "tuned", "--steps", "100", "--batch-size", "2"],
      ...["--labels", "0.5", "--device", "wasm"],
    ];
    const child = startTask("finetune", path, args);
    const output = outputOf(child);
    const measured = () => Deno.stat(`${path}/tuned/metrics.jsonl`);
    let running = true;
    output.finally(() => running = false);
    // numbers are written twice a second
    while (
      running && !((await measured().catch(() => ({ size: 0 }))).size > 0)
    ) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    child.kill("SIGINT");
    const { code, stdout, stderr } = await output;
    assertEquals(code, 130, stderr);
    assertMatch(stderr, /^stopping; press Ctrl-C again to stop at once$/m);
    const done = Number(
      stdout.match(
        /^stopped after (\d+) of 100 steps; run the same command to continue\n$/,
      )?.[1],
    );
    assert(done > 0 && done < 100, stdout);
    const rest = await runTask("finetune", path, ...args);
    assertEquals(rest.code, 0, rest.stderr);
    assertMatch(rest.stderr, new RegExp(`from step ${done} on`));
    const steps = await stepsMeasured(`${path}/tuned`);
    assertEquals([steps[0], steps.at(-1)], [10, 100]);
  },
);

testWithSeed(
  "finetune: refuses bad input in one sentence and writes nothing",
  async () => {
    using folder = new TemporaryFolder();
    const { path } = folder;
    await makeRun(`${path}/run`, config);
    await makeRun(`${path}/plain`, tinyConfig({ data: config.data }));
    for (let i = 0; i < 4; i++) {
      const picture = imageFile("PNG", 32, 32, (x, y) => [8 * x, 8 * y, i]);
      folder.write(`pictures/${i}.png`, picture);
    }
    const ofPictures: Config = {
      ...config,
      data: { name: "folder", path: "pictures", imageSize: 32 },
    };
    await makeRun(`${path}/unlabelled`, ofPictures);
    await makeRun(`${path}/changed`, ofPictures);
    folder.write("changed/data.json", FIVE_PICTURES);
    folder.write(
      "other/config.json",
      Deno.readTextFileSync(`${path}/run/config.json`),
    );
    folder.write("full/notes.txt", "mine");
    const refusals: [string[], RegExp][] = [
      [[], /^deno task finetune needs RUN: the folder of a run/],
      [
        ["nowhere"],
        /^nowhere is not the folder of a run: it has no config.json$/,
      ],
      [
        ["other"],
        /^other has no checkpoint of a step yet; resume the run until it has one$/,
      ],
      [
        ["unlabelled"],
        /^the images of unlabelled have no labels to learn from; finetune a run on labelled ones$/,
      ],
      [["changed"], changedPictures(4)],
      [
        ["run", "--checkpoint", "7"],
        /^run has no checkpoint of step 7, but those of 5; choose another --checkpoint$/,
      ],
      [
        ["run", "--input", "imge"],
        /^input must be "both", .*, not "imge"; did you mean "image"\?$/,
      ],
      [
        ["plain", "--input", "prediction"],
        /^input is prediction, which takes a model with the double view; that of the run has patches and image$/,
      ],
      [["run", "--labels", "2"], /^labels must be at most 1, not 2$/],
      [
        ["run", "--learning-rate", "0"],
        /^optimizer.learningRate must be greater than 0, not 0$/,
      ],
      [
        ["run", "--from-scratch", "--checkpoint", "5"],
        /^a network from scratch takes no checkpoint; leave out one of the two$/,
      ],
      [
        ["run", "--out", "full"],
        /^full is not empty and not the folder of a run; choose another folder$/,
      ],
      // before the images, which may take long to decode and are refused too
      [["unlabelled", "--out", "full"], /^full is not empty /],
      [["run", "--out", "run"], /^run was begun with other settings: /],
    ];
    for (const [args, message] of refusals) {
      const { code, stdout, stderr } = await finetune(path, ...args);
      assertEquals([code, stdout], [1, ""], stderr);
      const errors = stderr.trimEnd().split("\n")
        .filter((line) =>
          !/^(data|device|fine-tuning): |^compiling |^\d+\/\d+ /.test(line)
        );
      assertEquals(errors.length, 1, stderr);
      assertMatch(errors[0].replace(/^error: /, ""), message);
    }
    assertEquals(await listFolder(`${path}/run`), [
      "checkpoints",
      "config.json",
      "lock",
    ]);
    assertEquals(await listFolder(`${path}/full`), ["notes.txt"]);
  },
);
