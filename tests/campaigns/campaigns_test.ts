/** The campaigns in short. */
import { assert, assertEquals } from "@std/assert";
import { Draw } from "../fuzz/draw.ts";
import { seed } from "../random.ts";
import { faultsOf, tryFileFault } from "./try_fault.ts";
import { tryKill } from "./try_kill.ts";
import { Workshop } from "./workshop.ts";

Deno.test("campaign:kill: what is killed in a write comes to the same files when it goes on", async () => {
  await using workshop = await Workshop.open();
  for (const name of ["pretrain", "download"]) {
    const command = workshop.commands.find((command) => command.name === name)!;
    const draw = new Draw(seed, 0);
    const outcome = await tryKill(workshop, command, "in a write", draw);
    const what = `${name}, DV2_TEST_SEED=${seed}`;
    assertEquals(outcome.problem, undefined, what);
    assert(outcome.kills > 0, what);
  }
});

Deno.test("campaign:faults: a download ends with a sentence whatever fails, and goes on", async () => {
  await using workshop = await Workshop.open();
  const download = workshop.commands.find(({ name }) => name === "download")!;
  const { changes } = await workshop.undisturbed(download);
  const draw = new Draw(seed, 1);
  const faults = faultsOf(changes, draw);
  for (const fault of ["ENOSPC", "EACCES", "EIO", "short"] as const) {
    const chosen = draw.of(faults.filter((other) => other.fault === fault));
    const outcome = await tryFileFault(workshop, download, chosen);
    const what = `${JSON.stringify(chosen)}, DV2_TEST_SEED=${seed}`;
    assert(typeof outcome !== "string", `${outcome}: ${what}`);
    assertEquals(outcome.problem, undefined, what);
  }
});
