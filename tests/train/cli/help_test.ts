import { assertEquals, assertMatch } from "@std/assert";
import { TemporaryFolder } from "../../datasets/temporary_folder.ts";
import { runTask, runTaskOnFullDisk } from "./command.ts";

/** What the help of each command has a line about; its operand first. */
const commands = [
  ["embed", [
    ...["RUN", "--images FOLDER", "--out FILE.npy", "--neighbours K"],
    ...["--features KIND", "--batch-size N", "--device NAME", "--threads N"],
  ]],
  ["experiment", [
    ...[
      "FILE",
      "--out FOLDER",
      "--minutes N",
      "--device NAME",
      "--threads N",
      "--download",
    ],
  ]],
  ["export", ["RUN", "--to FORMAT", "--out FILE"]],
  ["finetune", [
    ...["RUN", "--input NAME", "--from-scratch", "--frozen"],
    ...["--labels SHARE", "--steps STEPS", "--batch-size IMAGES"],
    ...["--learning-rate RATE", "--seed SEED", "--checkpoint STEP"],
    "--data FOLDER",
    ...["--device NAME", "--threads N", "--out FOLDER"],
    ...["both", "image", "prediction", "patches"],
  ]],
  ["probe", [
    ...["RUN", "--checkpoint STEP", "--data FOLDER"],
    ...["--device NAME", "--threads N"],
  ]],
  ["report", [
    "RUN",
    "--checkpoint STEP",
    "--images N",
    "--data FOLDER",
    "--device NAME",
    "--threads N",
  ]],
] as const;

for (const [name, lines] of commands) {
  Deno.test(`${name}: --help names every option in lines of at most 80 characters`, async () => {
    using folder = new TemporaryFolder();
    const { code, stdout, stderr } = await runTask(name, folder.path, "--help");
    assertEquals([code, stderr], [0, ""]);
    assertMatch(
      stdout,
      new RegExp(`^Usage: deno task ${name} ${lines[0]} \\[options\\]$`, "m"),
    );
    for (const line of [...lines, "--help"]) {
      assertMatch(stdout, new RegExp(`^  ${line}  +\\w`, "m"));
    }
    assertEquals(stdout.split("\n").filter((line) => line.length > 80), []);
  });
}

/** What is said of it on a full disk. */
const LOST =
  "error: cannot write the output: the disk is full; make room and run again\n";

for (
  const name of [
    ...commands.map(([name]) => name),
    "pretrain",
    "pretrain:mpi",
  ] as const
) {
  Deno.test(`${name}: --help is not lost in silence`, async () => {
    using folder = new TemporaryFolder();
    const { code, stderr } = await runTaskOnFullDisk(
      name,
      folder.path,
      "--help",
    );
    assertEquals([code, stderr], [1, LOST]);
  });
}
