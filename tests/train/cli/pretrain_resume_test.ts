/** The command `pretrain` interrupted, and gone on with or not, from end to end. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { listCheckpoints } from "../../../train/run/checkpoint.ts";
import { openRun } from "../../../train/run/load_run.ts";
import { lockRun } from "../../../train/run/lock.ts";
import { listFolder } from "../../../datasets/files/folders.ts";
import {
  assertRefused,
  outputOf,
  readJson,
  runCommand,
  startCommand,
  stepsMeasured,
  TINY,
} from "./command.ts";
import { imageFile } from "../../datasets/image_file.ts";
import { withFolder } from "../folder.ts";

/** The numbers 1 to `count`. */
function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}

Deno.test("pretrain: Ctrl-C ends a run with a checkpoint and the command that finishes it", () =>
  withFolder(async (folder) => {
    const steps = 250;
    const child = startCommand(folder, [
      ...TINY,
      ...["--set", `steps=${steps}`, "--set", "checkpoints.every=5"],
      ...["--device", "wasm", "--out", "run"],
    ]);
    const run = `${folder}/run`;
    let running = true;
    const output = outputOf(child).finally(() => running = false);
    const saved = () => listCheckpoints(`${run}/checkpoints`);
    while (running && !((await saved()).at(-1)! > 0)) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    child.kill("SIGINT");
    const { code, stdout, stderr } = await output;
    assertEquals(code, 130, stderr);
    assertMatch(stderr, /^stopping; press Ctrl-C again to stop at once$/m);
    const [, stopped, resume] = stdout.match(
      /^stopped after (\d+) of 250 steps; resume with:\n {2}deno task pretrain (--resume run)\n$/,
    ) ?? [];
    const done = Number(stopped);
    assert(done >= 5 && done < steps, stdout);
    assertEquals((await saved()).at(-1), done);
    assertEquals(await stepsMeasured(run), upTo(done));
    assert(!(await listFolder(run)).includes("result.json"));

    const args = [...resume.split(" "), "--device", "wasm"];
    const rest = await runCommand(folder, args);
    assertEquals(rest.code, 0, rest.stderr);
    assertMatch(rest.stderr, new RegExp(`from step ${done} on`));
    assertMatch(rest.stdout, /^features +\d+ .* ± /m);
    assertEquals(await stepsMeasured(run), upTo(steps));
    assertEquals((await readJson(`${run}/result.json`)).step, steps);
  }));

Deno.test("pretrain: a run goes on with its pictures in another place and for more steps, and with no others", () =>
  withFolder(async (folder) => {
    const picture = (i: number) =>
      imageFile("PNG", 32, 32, (x, y) => [8 * x, 8 * y, i]);
    await Deno.mkdir(`${folder}/pictures`);
    for (let i = 0; i < 4; i++) {
      await Deno.writeFile(`${folder}/pictures/${i}.png`, picture(i));
    }
    const settings = TINY.map((text) =>
      text.replace("name=synthetic", "name=folder")
        .replace("trainSize=4", "path=pictures")
        .replace("testSize=2", "imageSize=32")
    );
    const wasm = ["--device", "wasm"];
    const first = await runCommand(folder, [...settings, ...wasm, "--out=run"]);
    assertEquals(first.code, 0, first.stderr);
    await Deno.rename(`${folder}/pictures`, `${folder}/moved`);
    await Deno.writeFile(`${folder}/moved/4.png`, picture(4));
    const args = [
      ...["--resume", "run", "--set", "data.path=moved"],
      ...["--extend", "5", ...wasm],
    ];
    await assertRefused(
      /^moved does not have the images that run was started with: it has 5 files where there were 4; put/,
      folder,
      args,
    );
    await Deno.remove(`${folder}/moved/4.png`);
    const rest = await runCommand(folder, args);
    assertEquals(rest.code, 0, rest.stderr);
    assertMatch(rest.stderr, /^training for 5 steps of .*, from step 3 on/m);
    assertEquals(await stepsMeasured(`${folder}/run`), upTo(5));
    const { data, steps } = await readJson(`${folder}/run/config.json`);
    assertEquals([data.path, steps], ["moved", 5]);
    await assertRefused(
      /^seed may not change when a run is resumed: it is 0 in run, not 1; leave it out, or start a new run$/,
      folder,
      ["--resume", "run", "--set", "seed=1"],
    );
  }));

Deno.test("pretrain: Ctrl-C before the first step leaves no folder behind", () =>
  withFolder(async (folder) => {
    const child = startCommand(folder, [
      ...TINY,
      ...["--device", "wasm", "--out", "run"],
    ]);
    const [forReading, forOutput] = child.stderr.tee();
    const stdout = new Response(child.stdout).text();
    const stderr = new Response(forOutput).text();
    for await (const text of forReading.pipeThrough(new TextDecoderStream())) {
      // printed before the step is compiled, which takes a while
      if (text.includes("run: ")) child.kill("SIGINT");
    }
    assertEquals((await child.status).code, 130, await stderr);
    assertEquals(
      await stdout,
      "stopped before the first step; nothing was changed\n",
    );
    assertEquals(await Array.fromAsync(Deno.readDir(folder)), []);
  }));

const CONFIG = "config.json";
const LAST = "checkpoints/step-000003";

type Damage = (good: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>;

const cutShort: Damage = (good) => good.slice(0, good.length / 2);

function replace(text: string, other: string): Damage {
  return (good) => {
    const before = new TextDecoder().decode(good);
    assert(before.includes(text));
    return new TextEncoder().encode(before.replace(text, other));
  };
}

/** What happened, the file of the run, what it then holds, and what must follow `error: `. */
const damages: [string, string, Damage, RegExp][] = [
  [
    "the tensors of the last checkpoint were cut short",
    `${LAST}.safetensors`,
    cutShort,
    /^run\/checkpoints\/step-000003.safetensors is cut short: .* go on from step 2, .* remove run\/checkpoints\/step-000003.json$/,
  ],
  [
    "numbers of the last checkpoint were overwritten",
    `${LAST}.safetensors`,
    (good) => good.with(-100, good.at(-100)! ^ 1),
    /^run\/checkpoints\/step-000003.safetensors is damaged: it does not hold the numbers that were saved; .* go on from step 2, .* remove run\/checkpoints\/step-000003.json$/,
  ],
  [
    "the JSON of the last checkpoint was cut short",
    `${LAST}.json`,
    cutShort,
    /^run\/checkpoints\/step-000003.json is cut short .* go on from step 2, .* remove run\/checkpoints\/step-000003.json$/,
  ],
  [
    "a setting was changed",
    CONFIG,
    replace('"width": 0.0625', '"width": 0.125'),
    /^run\/config.json does not match the checkpoint of step 3: encoder.width is 0.125, but 0.0625 in the checkpoint; set it back, or remove the checkpoint if it is of another run$/,
  ],
  [
    "a setting was removed, so that its default holds",
    CONFIG,
    replace('"steps": 3,', ""),
    /^run\/config.json does not match .*: steps is 100000, but 3 in the checkpoint; set it back, or use --extend 100000$/,
  ],
  [
    "a setting was misspelt",
    CONFIG,
    replace('"width"', '"widht"'),
    /^run\/config.json is wrong: encoder.widht is .*; did you mean encoder.width\?$/,
  ],
  [
    "the config was cut short",
    CONFIG,
    cutShort,
    /^run\/config.json is not JSON: /,
  ],
];

Deno.test("pretrain: a run is not gone on with", (t) =>
  withFolder(async (folder) => {
    const resume = ["--resume", "run", "--device", "wasm"];
    const extend = [...resume, "--extend", "9"];
    const { code, stderr } = await runCommand(folder, [
      ...[...TINY, "--set", "checkpoints.every=2"],
      ...["--device", "wasm", "--out", "run"],
    ]);
    assertEquals(code, 0, stderr);
    for (const [what, file, damage, expected] of damages) {
      await t.step(`where ${what}`, async () => {
        const path = `${folder}/run/${file}`;
        const good = await Deno.readFile(path);
        await Deno.writeFile(path, damage(good));
        // what is to be changed is not, where it is refused
        await assertRefused(
          expected,
          folder,
          file === CONFIG ? resume : extend,
        );
        await Deno.writeFile(path, good);
      });
    }
    await t.step("while another process trains in it", async () => {
      using _lock = await lockRun((await openRun(`${folder}/run`)).run);
      await assertRefused(
        /^run is in use: another process trains in it; wait until it ends, or stop it$/,
        folder,
        resume,
      );
    });
    await t.step("by a new one in its folder", () =>
      assertRefused(
        /^run already holds a run; continue that one, or choose another folder$/,
        folder,
        [...TINY, "--out", "run"],
      ));
    await t.step("except from the step before, as advised", async () => {
      await Deno.remove(`${folder}/run/${LAST}.json`);
      const { code, stderr } = await runCommand(folder, resume);
      assertEquals(code, 0, stderr);
      assertMatch(stderr, /from step 2 on/);
      assertEquals(await listCheckpoints(`${folder}/run/checkpoints`), [
        0,
        2,
        3,
      ]);
      assertEquals(await stepsMeasured(`${folder}/run`), [1, 2, 3]);
    });
  }));
