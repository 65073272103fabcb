import { assertEquals, assertStringIncludes } from "@std/assert";

const program = new URL("./fixtures/interruptible_program.ts", import.meta.url);

function start(...args: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", program.href, ...args],
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Sends each signal once the program has printed the line before it. */
async function interrupt(
  child: Deno.ChildProcess,
  signals: [after: string, Deno.Signal][],
): Promise<void> {
  let printed = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    printed += text;
    while (signals.length > 0 && printed.includes(signals[0][0])) {
      child.kill(signals.shift()![1]);
    }
  }
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

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`onInterrupt: the first ${signal} lets the program finish`, async () => {
    const child = start("wait", "finish");
    await interrupt(child, [["ready\n", signal]]);
    assertEquals((await child.status).code, 0);
    await child.stderr.cancel();
  });
}

Deno.test("onInterrupt: the signal says which one of the system's it was", async () => {
  const child = start("wait", "finish");
  const lines = child.stdout.pipeThrough(new TextDecoderStream());
  let printed = "";
  for await (const text of lines) {
    if (text.includes("ready")) child.kill("SIGTERM");
    printed += text;
  }
  assertEquals(printed, "ready\nstopping after SIGTERM\n");
  await child.status;
  await child.stderr.cancel();
});

Deno.test("onInterrupt: a second interrupt ends the program at once with the code of its signal", async () => {
  for (const [second, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
    const child = start("wait", "hang");
    await interrupt(child, [["ready\n", "SIGINT"], ["stopping", second]]);
    assertEquals((await child.status).code, code);
    await child.stderr.cancel();
  }
});
