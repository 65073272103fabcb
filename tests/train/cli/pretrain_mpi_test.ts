import { assert, assertEquals, assertMatch } from "@std/assert";
import { listCheckpoints } from "../../../train/run/checkpoint.ts";
import { claim } from "../../../train/run/claim.ts";
import {
  createRunFolder,
  isRunFolder,
  type RunFolder,
} from "../../../train/run/run_folder.ts";
import { TemporaryFolder } from "../../datasets/temporary_folder.ts";
import { startPretraining, testOnMpi } from "../distributed/mpi.ts";
import { tinyConfig } from "../tiny_model.ts";
import { outputOf, readJson, runTask, stepsMeasured, TINY } from "./command.ts";

/** More steps than a test waits for, of images that three processes can share. */
const ENDLESS = [
  ...[...TINY, "--set", "steps=100000", "--set", "batchSize=6"],
  ...["--device", "wasm", "--threads", "1"],
];

/** Waits until a run has recorded a step after a certain one. */
async function untilAfter(step: number, run: string): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    const steps = await stepsMeasured(run).catch(() => []);
    if (steps.some((measured) => measured > step)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${run} records no step after ${step}`);
}

/** Sends a signal to one of the processes that train in a folder. */
async function signalOne(signal: Deno.Signal, run: string): Promise<void> {
  const pids = async (...args: string[]) => {
    const { stdout } = await new Deno.Command("pgrep", { args }).output();
    return new TextDecoder().decode(stdout).trim().split("\n").map(Number);
  };
  // the launcher has the folder in its arguments too
  const deno = new Set(await pids("deno"));
  const [process] = (await pids("-f", run)).filter((pid) => deno.has(pid));
  Deno.kill(process, signal);
}

testOnMpi(
  "pretrain:mpi: a signal to one stops all with a checkpoint; other processes go on, and the death of one ends all",
  async (implementation) => {
    using folder = new TemporaryFolder();
    const run = `${folder.path}/run`;
    const started = startPretraining(
      ...[implementation, 3, ...ENDLESS, "--out", run] as const,
      ...["--set", "losses.maskedPatch.normalizer=pairs"],
    );
    await untilAfter(0, run);
    // nobody else trains in it
    assertEquals(await claim(`${run}/lock`), undefined);
    await signalOne("SIGTERM", run);
    const stopped = await outputOf(started);
    assertEquals(stopped.code, 143, stopped.stderr);
    const [, step] = stopped.stdout.match(
      /^rank \d was asked to stop; (\d+) of 100000 steps are done; resume with:\n {2}mpirun .* --resume .*run$/m,
    )!;
    const checkpoints = `${run}/checkpoints`;
    assertEquals(await listCheckpoints(checkpoints), [0, Number(step)]);
    assertMatch(stopped.stderr, /^processes: 3 of (Open MPI|MPICH)$/m);
    const unused = stopped.stderr.match(/^settings: .* has no effect; .*$/gm);
    assertEquals(unused?.length, 1, stopped.stderr);

    const resumed = startPretraining(
      ...[implementation, 2, "--resume", run] as const,
      ...["--device", "wasm", "--threads", "1"],
      ...["--extend", "200000", "--set", "checkpoints.keep=7"],
    );
    await untilAfter(Number(step), run);
    const { steps, checkpoints: { keep } } = await readJson(
      `${run}/config.json`,
    );
    assertEquals([steps, keep], [200_000, 7]);
    await signalOne("SIGKILL", run);
    const killed = performance.now();
    const { code } = await outputOf(resumed);
    assert(code !== 0);
    assert(performance.now() - killed < 10_000);
    // the last checkpoint is as it was
    assertEquals(await listCheckpoints(checkpoints), [0, Number(step)]);
  },
);

testOnMpi(
  "pretrain:mpi: what is wrong ends all with a sentence, before anything is written",
  async (implementation) => {
    using folder = new TemporaryFolder();
    const { code, stdout, stderr } = await outputOf(
      startPretraining(
        ...[implementation, 2, ...ENDLESS, "--set", "batchSize=3"] as const,
        ...["--out", `${folder.path}/run`],
      ),
    );
    assert(code !== 0);
    assertEquals(stdout, "");
    assertMatch(
      stderr,
      /^rank \d: error: batchSize 3 with 1 views is 3 images, which 2 processes cannot share equally; set batchSize to a multiple of 2$/m,
    );
    assertEquals([...Deno.readDirSync(folder.path)], []);
  },
);

/** A run of which no step was taken, of batches that two processes can share. */
function beginRun(path: string, changes: object = {}): Promise<RunFolder> {
  const data = { name: "synthetic", trainSize: 4, testSize: 2 };
  return createRunFolder("run", tinyConfig({ data, ...changes }), path);
}

testOnMpi(
  "pretrain:mpi: a resumed run that cannot go on is not changed",
  async (implementation) => {
    using folder = new TemporaryFolder();
    const { path, configPath } = await beginRun(`${folder.path}/run`, {
      batchSize: 2,
    });
    const before = await Deno.readTextFile(configPath);
    const { code, stderr } = await outputOf(
      startPretraining(
        ...[implementation, 2, "--resume", path, "--extend", "30"] as const,
        ...["--set", "checkpoints.keep=7", "--device", "wasm"],
      ),
    );
    assert(code !== 0);
    assertMatch(stderr, /^rank \d: error: batchSize 2 with 2 views is 1 /m);
    assertEquals(await Deno.readTextFile(configPath), before);
  },
  ["Open MPI"],
);

testOnMpi(
  "pretrain:mpi: a resumed run that is stopped before its first step stays",
  async (implementation) => {
    using folder = new TemporaryFolder();
    const { path } = await beginRun(`${folder.path}/run`, { steps: 100_000 });
    const started = startPretraining(
      ...[implementation, 2, "--resume", path] as const,
      ...["--device", "wasm", "--threads", "1"],
    );
    const stdout = new Response(started.stdout).text();
    for await (
      const text of started.stderr.pipeThrough(new TextDecoderStream())
    ) {
      if (text.includes("compiling a step")) await signalOne("SIGTERM", path);
    }
    assertEquals((await started.status).code, 143);
    assertMatch(
      await stdout,
      /^rank \d was asked to stop before the first step$/m,
    );
    assert(await isRunFolder(path));
  },
  ["Open MPI"],
);

Deno.test("pretrain:mpi: --help names every option in lines of at most 80 characters", async () => {
  using folder = new TemporaryFolder();
  const { code, stdout } = await runTask("pretrain:mpi", folder.path, "--help");
  assertEquals(code, 0);
  for (
    const option of [
      ...["--preset NAME", "--config FILE", "--set KEY=VALUE", "--device NAME"],
      ...["--threads N", "--out FOLDER", "--resume FOLDER", "--extend STEPS"],
    ]
  ) assertMatch(stdout, new RegExp(`^  ${option}  +\\w`, "m"));
  assertEquals(stdout.split("\n").filter((line) => line.length > 80), []);
});
