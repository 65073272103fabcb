import { assertEquals, assertMatch } from "@std/assert";
import { decodeEncoder } from "../../../train/export/encoder_file.ts";
import { encoderOfRun } from "../../../train/export/export_encoder.ts";
import { exportFormats } from "../../../train/export/formats.ts";
import { createRunFolder } from "../../../train/run/run_folder.ts";
import { TemporaryFolder } from "../../datasets/temporary_folder.ts";
import { makeRun, tinyFullConfig } from "../export/tiny_run.ts";
import { runTask } from "./command.ts";
import { testWithSeed } from "../../random.ts";

testWithSeed(
  "export: writes each format beside the run, or where it is asked to",
  async () => {
    using folder = new TemporaryFolder();
    await makeRun(`${folder.path}/run`);
    const contents = await encoderOfRun(`${folder.path}/run`);
    for (const [name, { fileName, encode }] of Object.entries(exportFormats)) {
      const { code, stdout, stderr } = await runTask(
        "export",
        folder.path,
        "run",
        "--to",
        name,
      );
      assertEquals([code, stderr], [0, ""]);
      assertMatch(
        stdout,
        new RegExp(
          `^the encoder after 5 steps, \\d+\\.\\d MB: run/${fileName}\n$`,
        ),
      );
      const bytes = await Deno.readFile(`${folder.path}/run/${fileName}`);
      assertEquals(bytes, new Uint8Array(encode(contents)));
    }
    // an exported encoder can be exported again
    const again = ["run/encoder.safetensors", "--out", "again.safetensors"];
    assertEquals((await runTask("export", folder.path, ...again)).code, 0);
    const copy = await Deno.readFile(`${folder.path}/again.safetensors`);
    assertEquals(decodeEncoder(copy, "copy"), contents);
    // by default all that lie in a folder go to the same file
    folder.write("encoder.safetensors", "another");
    const replacing = await runTask(
      "export",
      folder.path,
      "again.safetensors",
    );
    assertEquals(
      replacing.stderr,
      "./encoder.safetensors will be replaced by the encoder of again.safetensors\n",
    );
  },
);

testWithSeed(
  "export: refuses bad input in one sentence and writes nothing",
  async () => {
    using folder = new TemporaryFolder();
    await createRunFolder("tiny", tinyFullConfig, `${folder.path}/empty`);
    await makeRun(`${folder.path}/run`);
    folder.write("cat.onnx", Uint8Array.of(8, 7, 18, 8, 64, 100, 118, 50, 47));
    Deno.mkdirSync(`${folder.path}/full`);
    const refusals: [string[], string][] = [
      [[], "deno task export needs RUN: a run's folder, or an encoder"],
      [
        ["run", "--to", "onx"],
        '--to must be safetensors, timm, onnx, not "onx"; did you mean onnx?',
      ],
      [["empty"], "empty has no checkpoint of a step yet; resume the run"],
      [["nowhere"], "cannot read nowhere: there is no such file or folder"],
      [["cat.onnx"], "cat.onnx is not a safetensors file; give an encoder"],
      [["full"], "full is not the folder of a run: it has no config.json"],
      [
        ["run", "--out", "nowhere/cat.onnx"],
        "cannot write nowhere/cat.onnx: there is no such file or folder",
      ],
    ];
    const before = filesIn(folder.path);
    for (const [args, message] of refusals) {
      const { code, stdout, stderr } = await runTask(
        "export",
        folder.path,
        ...args,
      );
      assertEquals([code, stdout], [1, ""], stderr);
      assertEquals(stderr.startsWith(`error: ${message}`), true, stderr);
      assertEquals(stderr.trimEnd().split("\n").length, 1, stderr);
    }
    assertEquals(filesIn(folder.path), before);
  },
);

function filesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesIn(`${folder}/${name}`) : [`${folder}/${name}`]
  ).sort();
}
