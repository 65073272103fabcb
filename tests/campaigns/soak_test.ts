import { assertEquals, assertMatch } from "@std/assert";
import { TemporaryFolder } from "../datasets/temporary_folder.ts";
import { runTask } from "../train/cli/command.ts";

Deno.test("campaign:soak: takes steps, makes programs and says what memory they held", async () => {
  using folder = new TemporaryFolder();
  const args = ["--steps", "100", "--programs", "20"];
  const { code, stdout, stderr } = await runTask(
    "campaign:soak",
    folder.path,
    ...args,
  );
  assertEquals(code, 0);
  assertMatch(stderr, /^100\/100 .* steps\/s/m);
  assertMatch(stderr, /^20\/20 .* programs\/s/m);
  for (const what of ["steps", "programs"]) {
    assertMatch(
      stdout,
      new RegExp(
        `\\| ${what} \\| process .*\\n.*\\n((\\| [0-9.]+ ){4}\\|\\n){2}`,
      ),
    );
  }
});
