/** Breaks files at random and lets the program read them; what it does not answer well is kept. */
import { setImmediate } from "node:timers/promises";
import { runCampaign } from "../campaigns/campaign.ts";
import { TemporaryFolder } from "../datasets/temporary_folder.ts";
import { dataTargets } from "./data_targets.ts";
import type { Target } from "./target.ts";
import { trainTargets } from "./train_targets.ts";
import { inputOf, tryInput } from "./try_input.ts";

const campaign = {
  name: "fuzz",
  help:
    `Breaks files at random and lets the program read them. Each must give the right
answer or one sentence, in a second of the processors' time and within 2 GiB for
all. Files that do not are kept in runs/fuzz.`,
};

const LIMITS = { milliseconds: 1000, memory: 2 ** 31 };
const FAILURES = "runs/fuzz";
/** A call that has not come back after so long never will. */
const HANG_MS = 30_000;

const counts: Record<string, number> = {};
const problems = new Set<string>();

await runCampaign(campaign, async ({ seed, end, choose }) => {
  const targets = choose([...dataTargets(), ...trainTargets()]);
  // what is loaded once takes none of the time of an input
  for (const target of targets) {
    using folder = new TemporaryFolder();
    await tryInput(target, target.files[0], folder.path, LIMITS);
  }
  // side by side, for most of the time of most targets is waiting for files
  await Promise.all(targets.map((target) => tryUntilEnd(target, seed, end)));
  targets.forEach((target) => target.close?.());
  console.log(counts, `${problems.size} kinds of failure`);
  if (problems.size > 0) Deno.exitCode = 1;
});

async function tryUntilEnd(
  target: Target,
  seed: number,
  end: number,
): Promise<void> {
  using folder = new TemporaryFolder();
  for (let input = 0; performance.now() < end; input++) {
    const file = inputOf(target, seed, input);
    const name = `${target.name}-${seed}-${input}`;
    const hang = setTimeout(() => report(name, file, "it hangs"), HANG_MS);
    const problem = await tryInput(target, file, folder.path, LIMITS);
    clearTimeout(hang);
    if (problem !== undefined) report(name, file, problem);
    counts[target.name] = input + 1;
    // one that never waits would let the others wait for ever
    await setImmediate();
  }
}

/** Keeps one file for each kind of problem. */
function report(name: string, file: Uint8Array, problem: string): void {
  const kind = name.replace(/-.*/, "") + problem.replace(/\d+/g, "");
  if (problems.has(kind)) return;
  problems.add(kind);
  Deno.mkdirSync(FAILURES, { recursive: true });
  Deno.writeFileSync(`${FAILURES}/${name}`, file);
  console.log(`${FAILURES}/${name}: ${problem}`);
}
