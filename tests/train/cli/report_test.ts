/** The command `report` from end to end, as a person runs it, and the page that `pretrain` leaves. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { imageFile } from "../../datasets/image_file.ts";
import { saveCheckpoint } from "../../../train/run/checkpoint.ts";
import { makeRun, randomTensors } from "../export/tiny_run.ts";
import { tinyConfig } from "../tiny_model.ts";
import { TemporaryFolder } from "../../datasets/temporary_folder.ts";
import {
  changedPictures,
  FIVE_PICTURES,
  type Output,
  readJson,
  runCommand,
  runTask,
  TINY,
} from "./command.ts";
import { testWithSeed } from "../../random.ts";

function report(folder: string, ...args: string[]): Promise<Output> {
  return runTask("report", folder, ...args);
}

testWithSeed(
  "report: pretrain leaves a page, and the command writes it again, of any checkpoint and of fewer pictures",
  async () => {
    using folder = new TemporaryFolder();
    const { path } = folder;
    const { code, stdout, stderr } = await runCommand(path, [
      ...TINY,
      ...["--device", "wasm", "--out", "run", "--set", "checkpoints.every=2"],
      ...["--set", "data.testSize=20"],
    ]);
    assertEquals(code, 0, stderr);
    assertMatch(stderr, /^writing the report \.\.\.$/m);
    assertMatch(stdout, /^report: run\/report.html$/m);
    const first = await Deno.readTextFile(`${path}/run/report.html`);
    const { trained, metrics } = await readJson(`${path}/run/result.json`);
    for (const { linear } of Object.values<typeof trained.features>(trained)) {
      assert(first.includes(`>${(100 * linear.accuracy).toFixed(1)} ± `));
    }
    const retrieval = (100 * metrics["maskedPatch.retrieval"]).toFixed(1);
    assert(first.includes(`<strong>${retrieval}<small>`));
    assert(first.includes("The 20 pictures are test images"));

    const again = await report(path, "run", "--device", "wasm");
    assertEquals([again.code, again.stdout], [0, "report: run/report.html\n"]);
    assertMatch(
      again.stderr,
      /^device: WebAssembly .*\nlooking at 20 pictures \.\.\.\n20\/20 /,
    );
    assertEquals(await Deno.readTextFile(`${path}/run/report.html`), first);

    const few = await report(path, "run", "--images", "7", "--checkpoint", "2");
    assertEquals([few.code, few.stdout], [
      0,
      "report: run/report-step-2.html\n",
    ]);
    const page = await Deno.readTextFile(`${path}/run/report-step-2.html`);
    assert(page.includes("The 7 pictures are test images"));
    assert(page.includes("for 2 of 3 steps"));
    assert(page.includes("have not been measured"));

    const result = await Deno.readTextFile(`${path}/run/result.json`);
    folder.write("run/result.json", result.replace('"loss": ', '"loss": 1'));
    assertRefused(
      await report(path, "run", "--device", "wasm"),
      /^run\/result.json is damaged or was edited; put it back, or delete it and measure again$/,
    );
    assertEquals(await Deno.readTextFile(`${path}/run/report.html`), first);

    // a page that cannot be written does not undo the run
    Deno.removeSync(`${path}/run/report.html`);
    Deno.removeSync(`${path}/run/result.json`);
    Deno.mkdirSync(`${path}/run/report.html`);
    const without = await runCommand(path, [
      ...["--resume", "run", "--device", "wasm"],
    ]);
    assertEquals(without.code, 0, without.stderr);
    assertMatch(
      without.stderr,
      /^there is no report: cannot write run\/report.html: .*; to try again: deno task report run$/m,
    );
    assertMatch(without.stdout, /^run: run\n$/m);
    assertEquals((await readJson(`${path}/run/result.json`)).step, 3);
  },
);

testWithSeed(
  "report: a run on images without labels has a page of its own pictures",
  async () => {
    using folder = new TemporaryFolder();
    const { path } = folder;
    for (let i = 0; i < 4; i++) {
      const picture = imageFile("PNG", 32, 32, (x, y) => [8 * x, 8 * y, i]);
      folder.write(`pictures <b>/${i}.png`, picture);
    }
    const settings = TINY.map((text) =>
      text.replace("name=synthetic", "name=folder")
        .replace("trainSize=4", "path=pictures <b>")
        .replace("testSize=2", "imageSize=32")
    );
    const { code, stderr } = await runCommand(path, [
      ...settings,
      ...["--device", "wasm", "--out", "run <i>"],
    ]);
    assertEquals(code, 0, stderr);
    const page = await Deno.readTextFile(`${path}/run <i>/report.html`);
    assert(page.includes("images that the encoder was trained on"));
    assert(page.includes("<h1>run &lt;i&gt;</h1>"));
    assert(page.includes("&quot;path&quot;: &quot;pictures &lt;b&gt;&quot;"));
    assert(page.includes("deno task report &#39;run &lt;i&gt;&#39;"));
  },
);

testWithSeed(
  "report: refuses bad input in one sentence and writes nothing",
  async () => {
    using folder = new TemporaryFolder();
    const { path } = folder;
    await makeRun(`${path}/run`);
    const config = Deno.readTextFileSync(`${path}/run/config.json`);
    folder.write("bare/config.json", config);
    folder.write("run/metrics.jsonl", "{}\n");
    folder.write("pictures/cat.png", "");
    await makeRun(`${path}/changed`, {
      ...tinyConfig(),
      data: { name: "folder", path: "pictures", imageSize: 32 },
    });
    folder.write("changed/data.json", FIVE_PICTURES);
    Deno.mkdirSync(`${path}/empty`);
    // the checkpoint of another model in the place of the run's own
    await makeRun(`${path}/mixed`);
    const plain = tinyConfig();
    await saveCheckpoint(`${path}/mixed/checkpoints`, {
      step: 5,
      tensors: randomTensors(plain),
      metadata: { config: plain },
    }, 1);
    const refusals: [string[], RegExp][] = [
      [["pictures"], /^pictures is not the folder of a run: it has no config/],
      [["empty"], /^empty is not the folder of a run: it has no config/],
      [
        ["mixed", "--device", "wasm"],
        /^mixed\/config.json does not match the checkpoint of step 5: model.exchange is /,
      ],
      [
        ["bare"],
        /^bare has no checkpoint of a step yet; resume the run until it has one$/,
      ],
      [["changed", "--device", "wasm"], changedPictures(1)],
      [
        ["run", "--checkpoint", "7"],
        /^run has no checkpoint of step 7, but those of 5; choose another --checkpoint$/,
      ],
      [["run", "--images", "1"], /^--images must be at least 2, not 1$/],
      [
        ["run", "--device", "wasm"],
        /^run\/metrics.jsonl is damaged: line 1 is not a JSON object with a step/,
      ],
    ];
    for (const [args, message] of refusals) {
      assertRefused(await report(path, ...args), message);
    }
    assertEquals(
      [...Deno.readDirSync(`${path}/run`)].map(({ name }) => name).sort(),
      ["checkpoints", "config.json", "lock", "metrics.jsonl"],
    );
  },
);

/** One sentence on the error stream and code 1. */
function assertRefused(
  { code, stdout, stderr }: Output,
  message: RegExp,
): void {
  assertEquals([code, stdout], [1, ""], stderr);
  const errors = stderr.trimEnd().split("\n")
    .filter((line) => !/^(device: |\d+\/\d+)/.test(line));
  assertEquals(errors.length, 1, stderr);
  assertMatch(errors[0].replace(/^error: /, ""), message);
}
