import { assertEquals, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";
import { TemporaryFolder } from "../../datasets/temporary_folder.ts";

const program = new URL("./fixtures/interruptible_program.ts", import.meta.url);
const flags = ["run", "--no-prompt", "--allow-env=INIT_CWD", "--allow-write"];

/** The codes that a process ends with after a signal. */
const SIGNALS = [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const;

function start(...args: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [...flags, program.href, ...args],
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Runs a shell script in which `program` stands for the program. */
function startScript(script: string): Deno.ChildProcess {
  const words = [Deno.execPath(), ...flags, fileURLToPath(program)];
  const command = words.map((word) => `'${word}'`).join(" ");
  return new Deno.Command("sh", {
    args: ["-c", script.replaceAll("program", command)],
    env: { NO_COLOR: "1", INIT_CWD: Deno.cwd() },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Sends each signal once the program has printed the text before it; what it printed in all. */
async function interrupt(
  child: Deno.ChildProcess,
  signals: [after: string, Deno.Signal][],
): Promise<string> {
  let printed = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    printed += text;
    while (signals.length > 0 && printed.includes(signals[0][0])) {
      child.kill(signals.shift()![1]);
    }
  }
  return printed;
}

Deno.test("runProgram: a mistake of the user's is printed as a line, without a stack, with code 1", async () => {
  const { code, stdout, stderr } = await start("user-error").output();
  assertEquals(code, 1);
  assertEquals(stdout.length, 0);
  assertEquals(
    new TextDecoder().decode(stderr),
    "error: the picture is upside down; turn it\n",
  );
});

Deno.test("runProgram: another error is printed with its stack, with code 1", async () => {
  const { code, stderr } = await start("other-error").output();
  const text = new TextDecoder().decode(stderr);
  assertEquals(code, 1);
  assertStringIncludes(text, "TypeError: a mistake of ours");
  assertStringIncludes(text, "interruptible_program.ts:");
});

Deno.test("runProgram: a program that ends well ends with code 0", async () => {
  assertEquals((await start("end").output()).code, 0);
});

for (
  const [what, script] of [
    ["closed", "program print FILE >&- 2>&-"],
    ["a closed pipe", "program print FILE 2>&1 | true"],
    ["full", "program print FILE > /dev/full 2>&1"],
  ]
) {
  Deno.test(`runProgram: goes on to the end where its output is ${what}`, async () => {
    using folder = new TemporaryFolder();
    const file = `${folder.path}/done`;
    const { stderr } = await startScript(script.replace("FILE", file)).output();
    assertEquals(await Deno.readTextFile(file), "done");
    assertEquals(new TextDecoder().decode(stderr), "");
  });
}

Deno.test("printProduct: stops well where its reader goes away", async () => {
  using folder = new TemporaryFolder();
  const file = `${folder.path}/done`;
  const { stdout, stderr } = await startScript(
    `{ program product ${file}; echo $? >&2; } | head -n 2`,
  ).output();
  const decoder = new TextDecoder();
  assertEquals(decoder.decode(stdout), "result\nresult\n");
  assertEquals(decoder.decode(stderr), "0\n");
  assertEquals(await Deno.readTextFile(file), "done");
});

Deno.test("printProduct: says so in a line, with code 1, where the disk is full", async () => {
  using folder = new TemporaryFolder();
  const { code, stderr } = await startScript(
    `program product ${folder.path}/done > /dev/full`,
  ).output();
  assertEquals(code, 1);
  assertEquals(
    new TextDecoder().decode(stderr),
    "error: cannot write the output: the disk is full; make room and run again\n",
  );
});

for (const [signal, code] of SIGNALS) {
  Deno.test(`onInterrupt: the first ${signal} lets the program finish, with code ${code}`, async () => {
    const child = start("wait", "finish");
    const printed = await interrupt(child, [["ready", signal]]);
    assertStringIncludes(printed, `stopping after ${signal}\n`);
    assertEquals((await child.status).code, code);
    await child.stderr.cancel();
  });
}

Deno.test("onInterrupt: a program that throws the reason of its signal says that it was stopped", async () => {
  const child = start("wait", "throw");
  await interrupt(child, [["ready", "SIGTERM"]]);
  assertEquals((await child.status).code, 143);
  assertEquals(await new Response(child.stderr).text(), "stopped\n");
});

Deno.test("onInterrupt: a signal that comes twice at once counts once, a later one ends the program", async () => {
  await Promise.all(SIGNALS.map(async ([second, code]) => {
    const child = start("wait", "hang");
    const printed = await interrupt(child, [
      ["ready", "SIGINT"],
      ["stopping", "SIGINT"],
      ["going on", second],
    ]);
    assertStringIncludes(printed, "going on\n");
    assertEquals((await child.status).code, code);
    await child.stderr.cancel();
  }));
});

Deno.test("onInterrupt: the death of deno task stops the program", async () => {
  const shell = startScript("program wait finish & wait");
  const printed = await interrupt(shell, [["ready", "SIGKILL"]]);
  assertStringIncludes(printed, "stopping after SIGHUP\n");
  await shell.status;
  await shell.stderr.cancel();
});
