import { assertEquals } from "@std/assert";
import { TemporaryFolder } from "../datasets/temporary_folder.ts";
import { runTask } from "../train/cli/command.ts";

Deno.test("runCampaign: a wrong option is one sentence, and nothing is tried", async () => {
  using folder = new TemporaryFolder();
  const sentences = {
    "--minutes=soon": '--minutes must be a number, not "soon"',
    "--minutes=-1": "--minutes must not be negative, but is -1",
    "--seed=0.5": '--seed must be a whole number, not "0.5"',
    "--only=tar,zip":
      "--only: there is no zip, only cifar10, stl10, tar, pictures, image-cache, " +
      "safetensors, config, metrics, checkpoint, old-checkpoint, timm",
  };
  for (const [option, sentence] of Object.entries(sentences)) {
    const { code, stderr } = await runTask("fuzz", folder.path, option);
    assertEquals([code, stderr], [1, `error: ${sentence}\n`]);
  }
});
