/** The command `pretrain` from end to end, as a user runs it: what it prints, and what it leaves. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { listCheckpoints } from "../../../train/run/checkpoint.ts";
import { probeTable } from "../../../train/cli/probe_table.ts";
import { presets } from "../../../train/config/presets/mod.ts";
import { imageFile } from "../../datasets/image_file.ts";
import { testOnDevices } from "../../engine/devices.ts";
import {
  readJson,
  runCommand,
  runTaskOnFullDisk,
  stepsMeasured,
  TINY,
} from "./command.ts";
import { withFolder } from "../folder.ts";
import { measurementsOf } from "../measurements.ts";

testOnDevices(
  "pretrain: a run leaves its folder and prints the accuracies",
  ({ kind }) =>
    withFolder(async (folder) => {
      const args = [...TINY, "--device", kind];
      args.push("--set", "losses.maskedPatch.normalizer=pairs");
      // every classifier takes shaders of its own, which are slow to compile in software
      const measures = kind === "wasm";
      if (!measures) args.push("--set", "evaluation.bank=1");
      const { code, stdout, stderr } = await runCommand(folder, args);
      assertEquals(code, 0, stderr);
      const [{ name }] = await Array.fromAsync(Deno.readDir(`${folder}/runs`));
      const run = `${folder}/runs/${name}`;
      const config = await readJson(`${run}/config.json`);
      assertEquals([config.steps, config.data.trainSize], [3, 4]);
      assertEquals(await stepsMeasured(run), [1, 2, 3]);
      assertEquals(await listCheckpoints(`${run}/checkpoints`), [0, 3]);
      const result = await readJson(`${run}/result.json`);
      assertEquals(result.step, 3);
      const table = measures
        ? [
          ...probeTable(result).split("\n"),
          `to measure with all images: deno task probe runs/${name}`,
        ]
        : [];
      assertEquals(stdout.split("\n"), [
        `loss: ${result.metrics.loss.toFixed(4)}`,
        ...table,
        `run: runs/${name}`,
        `report: runs/${name}/report.html`,
        "",
      ]);
      if (measures) {
        const { linear, neighbours } = result.trained.features;
        assertEquals([linear.fitted, linear.heldOut, linear.images], [3, 1, 2]);
        assertEquals([neighbours.neighbours, neighbours.bank], [4, 4]);
        for (const encoder of ["trained", "untrained"]) {
          const lines = [
            `computing features with the ${encoder} encoder, 6 images \\.\\.\\.`,
            "6/6 .*images.*",
            `classifying with the ${encoder} encoder, 5 layers \\.\\.\\.`,
            "5/5 .*layers.*",
          ];
          assertMatch(stderr, new RegExp(`^${lines.join("\n")}$`, "m"));
        }
        assertMatch(stderr, /^writing the report \.\.\.\n2\/2 .*images.*$/m);
      }
      assertMatch(
        stderr,
        /^settings: losses.maskedPatch.normalizer=pairs has no effect; it needs losses.maskedPatch.form=nce$/m,
      );
      const device = { wasm: "WebAssembly", webgpu: "WebGPU" }[kind];
      assertMatch(stderr, new RegExp(`^device: ${device} .*asked for`, "m"));
      assertMatch(
        stderr,
        /^compiling a step \.\.\.\n(\d+\/\d+ .*kernels.*\n)?training for 3 steps/m,
      );
    }),
);

Deno.test("pretrain: a dry run says what a step needs, without images, and leaves nothing behind", () =>
  withFolder(async (folder) => {
    const args = [
      ...["--preset", "baseline", "--dry-run", "--device", "wasm"],
      ...["--set", "losses.maskedPatch.temperature=0.1"],
      ...["--threads", "1"],
      // fewer weights to draw
      ...["--set", "encoder.width=0.125", "--set", "batchSize=16"],
      ...["--set", "model.transformer.heads=8"],
    ];
    const { code, stdout, stderr } = await runCommand(folder, args);
    assertEquals(code, 0, stderr);
    const [settings, device] = stdout.split("\n");
    assertMatch(settings, /^settings: losses.maskedPatch.temperature=0.1 has/);
    assertMatch(device, /^device: .*SIMD, 1 thread /);
    assertMatch(stdout, /one step of 16 images needs .* [KM]iB:\n/);
    assertMatch(stdout, /this device can hold it\n$/);
    const lost = await runTaskOnFullDisk("pretrain", folder, ...args);
    assertEquals(lost.code, 1);
    assertMatch(lost.stderr, /^error: cannot write the output: the disk is/m);
    assertEquals(await Array.fromAsync(Deno.readDir(folder)), []);
  }));

Deno.test("pretrain: a dry run of what the device cannot hold ends with code 1", () =>
  withFolder(async (folder) => {
    const { code, stdout, stderr } = await runCommand(folder, [
      ...[...TINY, "--dry-run", "--device", "wasm", "--threads", "1"],
      ...["--set", "batchSize=1000000"],
    ]);
    assertEquals([code, stderr], [1, ""]);
    assertMatch(stdout, /\nthis device cannot hold it: .*lower batchSize/);
  }));

Deno.test("pretrain: the config.json of a run, given as --config, makes the same run again", () =>
  withFolder(async (folder) => {
    const first = [...TINY, "--out", "first"];
    const second = ["--config", "first/config.json", "--out", "second"];
    for (const args of [first, second]) {
      const wasm = ["--device", "wasm"];
      const { code, stderr } = await runCommand(folder, [...args, ...wasm]);
      assertEquals(code, 0, stderr);
    }
    assertEquals(
      await measurementsOf(`${folder}/second/metrics.jsonl`),
      await measurementsOf(`${folder}/first/metrics.jsonl`),
    );
    for (const name of ["config.json", "result.json"]) {
      assertEquals(
        await Deno.readTextFile(`${folder}/second/${name}`),
        await Deno.readTextFile(`${folder}/first/${name}`),
      );
    }
  }));

Deno.test("pretrain: image files that cannot be decoded are named, counted and left out of the run", () =>
  withFolder(async (folder) => {
    const jpeg = imageFile("JPEG", 32, 32, (x, y) => [8 * x, 8 * y, 0]);
    await Deno.mkdir(`${folder}/pictures`);
    for (let i = 0; i < 10; i++) {
      const file = i < 3 ? jpeg : jpeg.subarray(0, jpeg.length / 2);
      await Deno.writeFile(`${folder}/pictures/${i}.jpg`, file);
    }
    const settings = TINY.map((text) =>
      text.replace("name=synthetic", "name=folder")
        .replace("trainSize=4", "path=pictures")
        .replace("testSize=2", "imageSize=32")
    );
    const { code, stdout, stderr } = await runCommand(folder, [
      ...settings,
      ...["--set", "batchSize=4", "--device", "wasm", "--out", "run"],
    ]);
    assertEquals(code, 0, stderr);
    const lines = stderr.split("\n");
    const skipped = lines.filter((line) => line.startsWith("skipping "));
    assertEquals(skipped.length, 6);
    for (const [i, line] of skipped.slice(0, 5).entries()) {
      assertMatch(line, new RegExp(`^skipping pictures/${i + 3}.jpg \\(.+`));
    }
    assertMatch(
      skipped[5],
      /^skipping 2 more files that cannot be read; all are in data\/cache\/pictures-32-\w+\.skipped\.txt$/,
    );
    assertMatch(
      stderr,
      /^data: folder, 3 images of 32x32, none labelled.*\ndata: a step takes 4 images, but there are only 3: /m,
    );
    assertEquals(await stepsMeasured(`${folder}/run`), [1, 2, 3]);
    assertMatch(stdout, /^loss: .*\nrun: run\nreport: run\/report.html\n$/);
  }));

Deno.test("pretrain: --help names every option and preset in lines of at most 80 characters", () =>
  withFolder(async (folder) => {
    const { code, stdout, stderr } = await runCommand(folder, ["--help"]);
    assertEquals([code, stderr], [0, ""]);
    const options = ["config", "device", "download", "help", "out", "preset"];
    for (const option of [...options, "resume", "set", "tensorboard"]) {
      assertMatch(stdout, new RegExp(`^  --${option} .*  \\w`, "m"));
    }
    const lines = stdout.split("\n");
    for (const [name, { description }] of Object.entries(presets)) {
      const isAbout = (line: string) =>
        line.startsWith(`  ${name} `) && line.includes(description);
      assert(lines.some(isAbout), name);
    }
    assertEquals(lines.filter((line) => line.length > 80), []);
    assertEquals(await Array.fromAsync(Deno.readDir(folder)), []);
  }));

Deno.test("pretrain: --help settings lists what every setting can be and means", () =>
  withFolder(async (folder) => {
    const { code, stdout } = await runCommand(folder, ["--help", "settings"]);
    assertEquals(code, 0);
    assertMatch(
      stdout,
      /^- `model.masked` \(whole number, at least 1; `4` by default\): Q, how many/m,
    );
  }));
