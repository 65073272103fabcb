/** Facts about a fresh process: how soon it takes its first step, and whether its memory grows. */
import { fileURLToPath } from "node:url";
import type { Device } from "../../engine/devices/device.ts";
import { UserError } from "../../engine/user_error.ts";
import type { FactCase } from "./case.ts";

const BAR_SECONDS = 4;
const BAR_PERCENT = 1;

/** Time from the start of the program to the end of the first step of the default preset. */
export const firstStepCase: FactCase = {
  name: "start of the program to the first step",
  async measure(device) {
    const start = performance.now();
    let seconds = NaN;
    await probe("first_step", device, () => {
      seconds = (performance.now() - start) / 1000;
    });
    return {
      ours: seconds,
      peer: "bar",
      theirs: BAR_SECONDS,
      unit: "s",
    };
  },
};

/** How much memory of the process 1,000 steps add. */
export const memoryDriftCase: FactCase = {
  name: "memory drift over 1,000 steps",
  async measure(device) {
    let before = NaN;
    let after = NaN;
    await probe("memory_drift", device, (line) => {
      [before, after] = [after, Number(line)];
    });
    return {
      ours: 100 * Math.max(after / before - 1, 0),
      peer: "bar",
      theirs: BAR_PERCENT,
      unit: "%",
    };
  },
};

/** Runs a script of `bench/probes` with the permissions of `deno task pretrain`, and takes each line as it prints it. */
async function probe(
  name: string,
  { kind }: Device,
  onLine: (line: string) => void,
): Promise<void> {
  const script = new URL(`../probes/${name}.ts`, import.meta.url);
  const process = new Deno.Command("deno", {
    args: [
      "run",
      "--quiet",
      "--allow-read",
      "--allow-write",
      "--allow-sys=systemMemoryInfo",
      "--v8-flags=--expose-gc",
      fileURLToPath(script),
      kind,
    ],
    stdout: "piped",
  }).spawn();
  // a line is short enough to come in one piece
  for await (
    const text of process.stdout.pipeThrough(new TextDecoderStream())
  ) {
    text.trim().split("\n").forEach(onLine);
  }
  const { success } = await process.status;
  if (!success) throw new UserError(`bench/probes/${name}.ts failed`);
}
