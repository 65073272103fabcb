/** Runs every task without each of its permissions: it must fail and name the one that is missing. */
import { fileURLToPath } from "node:url";
import {
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertRejects,
} from "@std/assert";
import { pytorchPeer } from "../../bench/peers/pytorch.ts";
import { imageFile } from "../datasets/image_file.ts";
import { TemporaryFolder } from "../datasets/temporary_folder.ts";
import { type Output, outputOf } from "../train/cli/command.ts";
import { testOnMpi } from "../train/distributed/mpi.ts";
import { makeRun } from "../train/export/tiny_run.ts";
import { attempts } from "./attempts.ts";
import { type TaskCommand, taskCommands } from "./task_commands.ts";

const root = new URL("../../", import.meta.url);

/** What tries in turn what is there; a missing one is no error of the benchmark. */
const PYTHON = ["--allow-run=python3", "--allow-run=/usr/bin/python3"];

/** Every permission of every script, each with a command that has it. */
const needs = new Map<string, { command: TaskCommand; permission: string }>(
  taskCommands.flatMap((command) =>
    command.permissions.map((permission) => [
      `${command.script} ${permission}`,
      { command, permission },
    ])
  ),
);

/** A folder with what the jobs work on, and a `deno` that answers what they ask without doing it. */
async function workplace(): Promise<TemporaryFolder> {
  const folder = new TemporaryFolder();
  await makeRun(`${folder.path}/RUN`);
  const picture = imageFile("PNG", 32, 32, (x, y) => [8 * x, 8 * y, 30]);
  folder.write("PICTURES/a.png", picture);
  const experiment = {
    title: "E",
    question: "Q?",
    preset: "dv2-tiny",
    rows: { row: {} },
    seeds: [1],
  };
  folder.write("EXPERIMENT", JSON.stringify(experiment));
  const answer = { npmCache: "/none", diagnostics: [], errors: [] };
  folder.write("bin/deno", `#!/bin/sh\necho '${JSON.stringify(answer)}'\n`);
  Deno.chmodSync(`${folder.path}/bin/deno`, 0o755);
  return folder;
}

/** Runs a job with all permissions of a command but one. */
function runWithout(
  permission: string,
  { flags, script, permissions }: TaskCommand,
  { path }: TemporaryFolder,
): Promise<Output> {
  const isProgram = script.startsWith("train/cli/");
  return outputOf(
    new Deno.Command(Deno.execPath(), {
      args: [
        ...[...flags, "--no-check"],
        `--config=${fileURLToPath(new URL("deno.json", root))}`,
        ...permissions.filter((other) => other !== permission),
        ...script === "" ? [] : [fileURLToPath(new URL(script, root))],
        ...attempts[script][permission],
      ],
      cwd: isProgram ? path : root,
      env: {
        NO_COLOR: "1",
        INIT_CWD: path,
        PATH: `${path}/bin:${Deno.env.get("PATH")}`,
        // asks for all that an MPI launcher may say
        PMI_RANK: "0",
      },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn(),
  );
}

/** Asserts that a script needs each of its permissions. */
async function assertNeedsAll(script: string): Promise<void> {
  using folder = await workplace();
  for (const permission of Object.keys(attempts[script])) {
    const { command } = needs.get(`${script} ${permission}`)!;
    const { code, stdout, stderr } = await runWithout(
      permission,
      command,
      folder,
    );
    const printed = stdout + stderr;
    assertNotEquals(code, 0, `${script} does without ${permission}`);
    const [flag] = permission.split("=");
    assertMatch(printed, new RegExp(`again with (the )?${flag}\\b`));
    // what people run says so in a line
    if (!script.startsWith("train/cli/")) continue;
    assertMatch(stderr, new RegExp(`error: [^\\n]*${flag}`));
    assertEquals(printed.match(/^ +at .*/m), null);
  }
}

Deno.test("deno.json: every permission of every task is tried", () => {
  const tried = Object.entries(attempts).flatMap(([script, permissions]) =>
    Object.keys(permissions).map((permission) => `${script} ${permission}`)
  );
  const inPython = PYTHON.map((permission) => `bench/main.ts ${permission}`);
  assertEquals([...tried, ...inPython].sort(), [...needs.keys()].sort());
});

Deno.test("docs/permissions.md: its table has the permissions of each task", async () => {
  const document = await Deno.readTextFile(
    new URL("docs/permissions.md", root),
  );
  const rows = document.matchAll(/^\| `(--allow-.+?)` +\|(.+?)\|/gm);
  const listed = [...rows].flatMap(([, permission, tasks]) =>
    [...tasks.matchAll(/`(.+?)`/g)].map(([, task]) => `${task} ${permission}`)
  );
  const given = taskCommands.flatMap(({ task, permissions }) =>
    permissions.map((permission) => `${task} ${permission}`)
  );
  assertEquals(listed.sort(), given.sort());
});

for (const script of Object.keys(attempts)) {
  const name = `deno.json: ${
    script || "deno test"
  } fails without any of its permissions and names it`;
  if (script.endsWith("mpi.ts")) {
    testOnMpi(name, () => assertNeedsAll(script), ["MPICH"]);
  } else Deno.test(name, () => assertNeedsAll(script));
}

Deno.test({
  name: "deno.json: bench names the interpreters of Python that it may not run",
  permissions: { run: false },
  fn: async () => {
    const work = { kind: "training" } as Parameters<
      ReturnType<typeof pytorchPeer>["prepare"]
    >[0];
    const { message } = await assertRejects(
      () => pytorchPeer("CPU").prepare(work),
      Error,
    );
    for (const permission of PYTHON) {
      const [, path] = permission.split("=");
      assertMatch(message, new RegExp(`run access to "${path}"`));
    }
  },
});

Deno.test("deno.json: no task asks, and all use a lock file that they may not change", async () => {
  const { tasks, lock } = JSON.parse(
    await Deno.readTextFile(new URL("deno.json", root)),
  );
  assertEquals(lock, { frozen: true });
  for (const { flags, task } of taskCommands) {
    assertEquals(flags.includes("--no-prompt"), true, task);
  }
  assertEquals(JSON.stringify(tasks).match(/--no-lock|--frozen=false/), null);
});
