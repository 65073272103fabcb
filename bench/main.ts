/** The command `bench`. */
import type { Device } from "../engine/devices/device.ts";
import { WebGpuDevice } from "../engine/devices/webgpu/device.ts";
import { openDevice } from "../engine/open_device.ts";
import { UserError } from "../engine/user_error.ts";
import { runProgram } from "../train/cli/run_program.ts";
import { withFileErrors } from "../datasets/files/system_error.ts";
import { runCase } from "./bench.ts";
import { allCases } from "./cases/all.ts";
import { help, readOptions } from "./options.ts";
import { peersOf } from "./peers/all.ts";
import { describe, type Result } from "./result.ts";

async function main(): Promise<void> {
  const options = readOptions(Deno.args);
  if (options === "help") return console.log(help());
  const { device, reason } = await openDevice(...options.device);
  console.log(`device: ${reason}`);
  const peers = await peersOf(device);
  const cases = allCases(isGpu(device))
    .filter(({ name }) => name.includes(options.only ?? ""));
  if (cases.length === 0) {
    throw new UserError(`no case has ${options.only} in its name`);
  }
  const results: Result[] = [];
  // a file that cannot be written is better known before the wait
  if (options.json) await write(options.json, results);
  for (const item of cases) {
    for await (const result of runCase(item, device, peers)) {
      console.log(describe(result));
      results.push(result);
      if (options.json) await write(options.json, results);
    }
  }
  for (const peer of Object.values(peers).flat()) await peer.close?.();
  device.destroy();
  if (results.some(({ error }) => error)) Deno.exitCode = 1;
}

function isGpu(device: Device): boolean {
  return device instanceof WebGpuDevice && !device.software;
}

function write(path: string, results: readonly Result[]): Promise<void> {
  return withFileErrors(
    `cannot write ${path}`,
    () => Deno.writeTextFile(path, JSON.stringify(results, null, 2) + "\n"),
  );
}

await runProgram(main);
