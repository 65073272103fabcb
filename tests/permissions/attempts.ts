import { fileURLToPath } from "node:url";
import { TINY } from "../train/cli/command.ts";

const ON_WASM = ["--device", "wasm"];
const EXPERIMENTS = new URL("../../examples/experiments/", import.meta.url);
const ON_CIFAR10 = fileURLToPath(new URL("table-1-tiny.json", EXPERIMENTS));
const ON_STL10 = fileURLToPath(new URL("section-4.4.json", EXPERIMENTS));

/** What a command with a run for its first argument is called with. */
const ofRun = (...args: readonly string[]) => ({
  "--allow-read": ["RUN", ...args],
  "--allow-write": ["RUN", ...args],
  "--allow-env=INIT_CWD": ["RUN", ...args],
});

/** What a campaign that starts commands is called with. */
const onCommands = {
  "--allow-read": [],
  "--allow-write": [],
  "--allow-env=INIT_CWD": [],
  "--allow-net=127.0.0.1": [],
  "--allow-run": ["--only=export"],
};

/**
 * For each script and each of its permissions: the arguments of a small job that needs it. `RUN` is a
 * run, `PICTURES` a folder of pictures, `EXPERIMENT` the file of an experiment; the script without a
 * name is `deno test`.
 */
export const attempts: Readonly<
  Record<string, Readonly<Record<string, readonly string[]>>>
> = {
  "train/cli/pretrain.ts": {
    "--allow-read": ["--resume", "RUN"],
    "--allow-write": ["--out", "NEW"],
    "--allow-env=INIT_CWD": ["--out", "NEW"],
    "--allow-net=www.cs.toronto.edu": [
      "--set",
      "data.name=cifar10",
      "--download",
    ],
    "--allow-net=ai.stanford.edu": ["--preset", "dv2", "--download"],
    "--allow-sys=systemMemoryInfo": [...TINY, ...ON_WASM, "--dry-run"],
  },
  "train/cli/pretrain_mpi.ts": {
    "--allow-read": ["--config", "FILE"],
    "--allow-write": [...TINY, ...ON_WASM, "--threads", "1"],
    "--allow-ffi": [],
    "--allow-env=INIT_CWD": [],
    "--allow-env=OMPI_COMM_WORLD_RANK": [],
    "--allow-env=OMPI_COMM_WORLD_LOCAL_SIZE": [...TINY, ...ON_WASM],
    "--allow-env=PMI_RANK": [],
    "--allow-env=MPI_LOCALNRANKS": [...TINY, ...ON_WASM],
  },
  "train/cli/export.ts": ofRun("--to", "timm"),
  "train/cli/embed.ts": ofRun("--images", "PICTURES", ...ON_WASM),
  "train/cli/probe.ts": ofRun(...ON_WASM),
  "train/cli/experiment.ts": {
    "--allow-read": [ON_CIFAR10],
    "--allow-write": ["EXPERIMENT", ...ON_WASM],
    "--allow-env=INIT_CWD": [ON_CIFAR10],
    "--allow-net=www.cs.toronto.edu": [ON_CIFAR10, "--download"],
    "--allow-net=ai.stanford.edu": [ON_STL10, "--download"],
  },
  "train/cli/finetune.ts": ofRun("--steps", "1", ...ON_WASM),
  "train/cli/report.ts": ofRun(...ON_WASM),
  "": {
    "--allow-read": ["tests/docs/changeable_test.ts"],
    "--allow-write": ["tests/datasets/files/atomic_file_test.ts"],
    "--allow-net=127.0.0.1": [
      "tests/datasets/download_test.ts",
      "--filter=a partial archive is continued",
    ],
    "--allow-env": ["tests/random_test.ts"],
    "--allow-run": ["tests/train/run/claim_test.ts"],
  },
  "tests/swiftshader.ts": {
    "--allow-read": [],
    "--allow-write": [],
    "--allow-run=deno": [],
  },
  "tests/mutate.ts": {
    "--allow-read": [],
    "--allow-write": [],
    "--allow-run=deno": [],
    "--allow-run=git": [],
  },
  "tests/fuzz/main.ts": {
    "--allow-read": ["--minutes=0"],
    "--allow-write": ["--minutes=0"],
    "--allow-env=INIT_CWD": ["--minutes=0"],
  },
  "tests/campaigns/programs.ts": {
    "--allow-read": ["--count", "1"],
    "--allow-env=INIT_CWD": ["--count", "1"],
  },
  "tests/campaigns/soak.ts": {
    "--allow-read": ["--steps", "1"],
    "--allow-write": ["--steps", "1"],
    "--allow-env=INIT_CWD": ["--steps", "1"],
  },
  "tests/campaigns/kill.ts": onCommands,
  "tests/campaigns/faults.ts": onCommands,
  "bench/main.ts": {
    "--allow-read": [...ON_WASM, "--only=dispatch"],
    "--allow-write": [...ON_WASM, "--json=RESULTS"],
    "--allow-run=deno": [...ON_WASM, "--only=start of the program"],
    "--allow-run=mpirun": [...ON_WASM, "--only=bytes over"],
  },
  "engine/devices/wasm/build.ts": {
    "--allow-read=engine/devices/wasm": [],
    "--allow-write=engine/devices/wasm": [],
    "--allow-env=CI": [],
  },
  "train/config/build_settings.ts": {
    "--allow-read": [],
    "--allow-write=docs/settings.md": [],
    "--allow-env=NODE_ENV": [],
    "--allow-env=NODE_INSPECTOR_IPC": [],
    "--allow-env=TSC_*": [],
    "--allow-env=VSCODE_INSPECTOR_OPTIONS": [],
  },
};
