import { assert, assertMatch } from "@std/assert";
import { repeatSection } from "../../../train/report/repeat.ts";
import { tinyConfig } from "../tiny_model.ts";

Deno.test("repeatSection: repeats a run in as many processes as it had", () => {
  const command = (processes?: number) =>
    repeatSection("runs/a", tinyConfig(), processes).body!.markup
      .match(/<dt><code>(.*)<\/code><\/dt>\s*<dd>repeats this run/)![1];
  const single = "deno task pretrain --config runs/a/config.json";
  assert([command(), command(1)].every((text) => text === single));
  assertMatch(
    command(8),
    /^mpirun -n 8 deno task pretrain:mpi --config runs\/a\/config.json$/,
  );
});

Deno.test("repeatSection: does not promise the numbers of a run that was extended", () => {
  const { lead } = repeatSection("runs/a", tinyConfig());
  assertMatch(String(lead), /If it was extended, .* do not say how/);
});
