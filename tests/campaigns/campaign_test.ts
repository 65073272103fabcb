import { assertEquals, assertMatch } from "@std/assert";
import { TemporaryFolder } from "../datasets/temporary_folder.ts";
import { runTask, startTask } from "../train/cli/command.ts";

Deno.test("runCampaign: a wrong option is one sentence, and nothing is tried", async () => {
  using folder = new TemporaryFolder();
  const sentences = {
    "--minutes=soon": /^error: --minutes must be a number, not "soon"\n$/,
    "--minutes=-1": /^error: --minutes must not be negative, but is -1\n$/,
    "--seed=0.5": /^error: --seed must be a whole number, not "0\.5"\n$/,
    "--only=tar,zip":
      /^error: --only: there is no zip, only cifar10, [a-z10, -]+\n$/,
  };
  for (const [option, sentence] of Object.entries(sentences)) {
    const { code, stdout, stderr } = await runTask("fuzz", folder.path, option);
    assertEquals(code, 1);
    assertMatch(stdout, /^(--seed=\d+\n)?$/);
    assertMatch(stderr, sentence);
  }
});

Deno.test("runCampaign: stopped by a person, it prints what it has found", async () => {
  using folder = new TemporaryFolder();
  for (const task of ["fuzz", "campaign:programs"] as const) {
    const child = startTask(task, folder.path, ["--minutes=10", "--seed=7"]);
    let printed = "";
    for await (
      const text of child.stdout.pipeThrough(new TextDecoderStream())
    ) {
      printed += text;
      if (text.includes("--seed=7")) child.kill("SIGINT");
    }
    const { code } = await child.status;
    const stderr = await new Response(child.stderr).text();
    assertEquals([code, stderr], [130, ""]);
    assertMatch(printed, /\n\d+ (inputs|programs) .* 0 .*failure.*\n$/);
  }
});
