import { assertEquals, assertMatch } from "@std/assert";
import { TemporaryFolder } from "../datasets/temporary_folder.ts";
import { runTask } from "../train/cli/command.ts";

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
