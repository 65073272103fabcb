/** The installed implementations of MPI, for tests that start processes with their launchers. */
import { fileURLToPath } from "node:url";
import configuration from "../../../deno.json" with { type: "json" };

const root = new URL("../../../", import.meta.url);

/** A launcher and the options that let it start more processes than there are processors. */
const launchers = {
  "Open MPI": ["mpirun.openmpi", "--oversubscribe"],
  "MPICH": ["mpirun.mpich"],
} as const;

/** An implementation of MPI. */
export type Implementation = keyof typeof launchers;

/** Starts a program in a number of processes. */
export function launch(
  implementation: Implementation,
  processes: number,
  ...command: readonly string[]
): Deno.ChildProcess {
  const [launcher, ...options] = launchers[implementation];
  return new Deno.Command(launcher, {
    args: [...options, "-n", `${processes}`, ...command],
    env: {
      NO_COLOR: "1",
      // containers run as root
      OMPI_ALLOW_RUN_AS_ROOT: "1",
      OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1",
    },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/**
 * The command that runs a script of this project.
 *
 * @param flags Permissions for Deno.
 */
export function denoRun(
  flags: readonly string[],
  script: string,
): readonly string[] {
  return [
    ...[Deno.execPath(), "run", "--quiet", "--no-check"],
    `--config=${fileURLToPath(new URL("deno.json", root))}`,
    ...[...flags, fileURLToPath(new URL(script, root))],
  ];
}

/** Starts `deno task pretrain:mpi` in a number of processes, with the permissions that it has there. */
export function startPretraining(
  implementation: Implementation,
  processes: number,
  ...args: readonly string[]
): Deno.ChildProcess {
  return startPretrainingIn(".", implementation, processes, ...args);
}

/** The same, in a folder. */
export function startPretrainingIn(
  folder: string,
  implementation: Implementation,
  processes: number,
  ...args: readonly string[]
): Deno.ChildProcess {
  // deno run --allow-... script
  const [, , ...flags] = configuration.tasks["pretrain:mpi"].command.split(" ");
  const script = flags.pop()!;
  return launch(
    implementation,
    processes,
    ...["env", "-C", folder, ...denoRun(flags, script)],
    ...args,
  );
}

/** Registers a test for each implementation, or some; skipped where it is not installed. */
export function testOnMpi(
  name: string,
  test: (implementation: Implementation) => Promise<void>,
  implementations: readonly Implementation[] = ["Open MPI", "MPICH"],
): void {
  for (const implementation of implementations) {
    const [launcher] = launchers[implementation];
    const installed = isInstalled(launcher);
    if (!installed && Deno.env.get("DV2_REQUIRE_DEVICES") === "1") {
      throw new Error(`DV2_REQUIRE_DEVICES=1, but there is no ${launcher}`);
    }
    const hint = installed
      ? ""
      : " (not installed: apt-get install openmpi-bin mpich)";
    Deno.test({
      name: `${implementation}: ${name}${hint}`,
      ignore: !installed,
      fn: () => test(implementation),
    });
  }
}

function isInstalled(launcher: string): boolean {
  try {
    new Deno.Command(launcher, { args: ["--version"] }).outputSync();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
