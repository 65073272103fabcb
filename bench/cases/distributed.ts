/** Facts about steps that two processes share on this machine, on one thread each. */
import { fileURLToPath } from "node:url";
import { UserError } from "../../engine/user_error.ts";
import type { SharedStep } from "../probes/distributed.ts";
import type { FactCase } from "./case.ts";

const BAR_PERCENT = 25;
const BAR_BYTES = 1.5;

/** What sharing a step gains, and what it costs. */
export function distributedCases(): FactCase[] {
  let shared: Promise<SharedStep> | undefined;
  const inTwo = () => shared ??= sharedStep(2);
  return [
    {
      name: "distributed: dv2-tiny step in two processes",
      async measure() {
        const one = await sharedStep(1);
        const two = await inTwo();
        return {
          ours: two.milliseconds,
          peer: "one process",
          theirs: one.milliseconds,
          unit: "ms",
        };
      },
    },
    {
      name: "distributed: share of a step in exchanges",
      async measure() {
        const { exchanging, milliseconds } = await inTwo();
        return {
          ours: 100 * exchanging / milliseconds,
          peer: "bar",
          theirs: BAR_PERCENT,
          unit: "%",
        };
      },
    },
    {
      name: "distributed: bytes over those of the gradient",
      async measure() {
        const { bytes, gradientBytes } = await inTwo();
        return {
          ours: bytes / gradientBytes,
          peer: "bar",
          theirs: BAR_BYTES,
          unit: "x",
        };
      },
    },
  ];
}

/** Takes a few steps in a number of processes. */
async function sharedStep(processes: number): Promise<SharedStep> {
  const script = new URL("../probes/distributed.ts", import.meta.url);
  const { success, stdout, stderr } = await run(
    ...["-n", `${processes}`, "deno", "run", "--quiet"],
    ...["--allow-read", "--allow-ffi", "--allow-env", fileURLToPath(script)],
  );
  const decoder = new TextDecoder();
  if (success) return JSON.parse(decoder.decode(stdout));
  throw new UserError(`mpirun failed: ${decoder.decode(stderr).trim()}`);
}

async function run(...args: string[]): Promise<Deno.CommandOutput> {
  try {
    // as root, as containers are
    const env = {
      OMPI_ALLOW_RUN_AS_ROOT: "1",
      OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1",
    };
    return await new Deno.Command("mpirun", { args, env }).output();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new UserError("mpirun is not installed: apt-get install openmpi-bin");
  }
}
