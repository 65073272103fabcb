import {
  assertAlmostEquals,
  assertEquals,
  assertMatch,
  assertRejects,
} from "@std/assert";
import { MemoryImages } from "../../../datasets/memory_images.ts";
import type { Device } from "../../../engine/devices/device.ts";
import { UserError } from "../../../engine/user_error.ts";
import type { Config } from "../../../train/config/config.ts";
import {
  pretrainTogether,
  type TogetherOptions,
} from "../../../train/distributed/pretrain_together.ts";
import { pretrain } from "../../../train/pretrain.ts";
import { encodeSafetensors } from "../../../train/run/safetensors_bytes.ts";
import { loadLatestCheckpoint } from "../../../train/run/checkpoint.ts";
import { readMetrics } from "../../../train/run/metrics_file.ts";
import {
  createRunFolder,
  isRunFolder,
  openRunFolder,
  type RunFolder,
} from "../../../train/run/run_folder.ts";
import type { LoopResult } from "../../../train/training_loop.ts";
import { warningsOf } from "../../datasets/warnings.ts";
import { testOnWasm } from "../../engine/devices.ts";
import { onRanks } from "../../engine/local_communicators.ts";
import { timmCases } from "../export/timm_fixture.ts";
import { withFolder } from "../folder.ts";
import { tinyConfig, tinyImages } from "../tiny_model.ts";

const config = tinyConfig({
  batchSize: 12,
  steps: 6,
  // the batch is normalised as one
  distributed: { statistics: "all" },
});

interface Begun {
  readonly config: Config;
  readonly folder: string;
  readonly resumed?: RunFolder;
  /** The rank that is asked to stop after a number of steps. */
  readonly stop?: { readonly rank: number; readonly steps: number };
  /** What a rank has of its own. */
  readonly own?: (rank: number, device: Device) => Partial<TogetherOptions>;
}

/** A signal that is set once it has been read a number of times, which happens before each step. */
function afterSteps(steps: number): AbortSignal {
  let checks = 0;
  return Object.defineProperty(new AbortController().signal, "aborted", {
    get: () => checks++ >= steps,
  });
}

/** Takes the steps of a run in a number of processes; gives how each rank ended. */
function together(
  device: Device,
  size: number,
  { config, folder, resumed, stop, own }: Begun,
): Promise<LoopResult[]> {
  return onRanks(
    device,
    size,
    (device, communicator) =>
      pretrainTogether(config, {
        communicator,
        device,
        images: tinyImages(),
        resumeRun: resumed && (() => Promise.resolve(resumed)),
        createRun: () => createRunFolder("together", config, folder),
        signal: stop?.rank === communicator.rank
          ? afterSteps(stop.steps)
          : undefined,
        ...own?.(communicator.rank, device),
      }),
  );
}

async function losses({ metricsPath }: RunFolder): Promise<number[]> {
  return (await readMetrics(metricsPath)).map(({ loss }) => Number(loss));
}

testOnWasm(
  "pretrainTogether: one of two processes is asked to stop, both do, and three continue as one would",
  (device) =>
    withFolder(async (folder) => {
      const shared = `${folder}/shared`;
      const stop = { rank: 1, steps: 3 };
      const stopped = await together(device, 2, {
        config,
        folder: shared,
        stop,
      });
      assertEquals(stopped.map(({ step }) => step), [3, 3]);
      assertEquals(stopped.map(({ stoppedBy }) => stoppedBy), [1, 1]);
      const { run } = await openRunFolder(shared);
      const ended = await together(device, 3, {
        config,
        folder: "",
        resumed: run,
      });
      assertEquals(ended.map(({ step }) => step), [6, 6, 6]);
      const single = await createRunFolder("one", config, `${folder}/one`);
      const splits = { unlabelled: tinyImages() };
      await pretrain(config, { device, splits, run: single });
      const expected = await losses(single);
      const actual = await losses(run);
      assertEquals(actual.length, 6);
      actual.forEach((loss, i) =>
        assertAlmostEquals(loss / expected[i], 1, 1e-3, `step ${i + 1}`)
      );
    }),
);

testOnWasm(
  "pretrainTogether: a run that ended before its first checkpoint begins from its initial weights",
  (device) =>
    withFolder(async (folder) => {
      const initialWeights = `${folder}/weights.safetensors`;
      const { tensors } = timmCases.find(({ name }) => name === "basic")!;
      await Deno.writeFile(
        initialWeights,
        encodeSafetensors({ metadata: {}, tensors }),
      );
      const one = { ...config, initialWeights, steps: 1 };
      const begin = (name: string) =>
        createRunFolder(name, one, `${folder}/${name}`);
      const single = await begin("single");
      const splits = { unlabelled: tinyImages() };
      await pretrain(one, { device, splits, run: single });
      const run = await begin("killed");
      await together(device, 2, { config: one, folder: "", resumed: run });
      const [expected] = await losses(single);
      const [actual] = await losses(run);
      assertAlmostEquals(actual / expected, 1, 1e-5);
    }),
);

testOnWasm(
  "pretrainTogether: notes the number of processes, and says where another one changes what is computed",
  (device) =>
    withFolder(async (folder) => {
      const local = tinyConfig({ batchSize: 12, steps: 1 });
      const begun = `${folder}/run`;
      await together(device, 2, { config: local, folder: begun });
      const { run } = await openRunFolder(begun);
      const saved = await loadLatestCheckpoint(run.checkpointsPath);
      assertEquals(saved?.metadata.processes, 2);
      const { lines } = await warningsOf(() =>
        together(device, 3, { config: local, folder: "", resumed: run })
      );
      const alone = await warningsOf(() =>
        pretrain(local, {
          ...{ device, run, resume: true },
          splits: { unlabelled: tinyImages() },
        })
      );
      assertEquals(
        [...lines, ...alone.lines].map((line) => line.slice(0, 27)),
        [
          "processes: 3 in place of 2,",
          "processes: 1 in place of 2,",
        ],
      );
    }),
);

testOnWasm(
  "pretrainTogether: refuses batches that cannot be shared equally",
  async (device) => {
    const error = await assertRejects(
      () => together(device, 5, { config, folder: "never-made" }),
      UserError,
    );
    assertEquals(
      error.message,
      "batchSize 12 with 2 views is 6 images, which 5 processes cannot share equally; set batchSize to a multiple of 10",
    );
  },
);

testOnWasm(
  "pretrainTogether: refuses ranks that have other images than rank 0, before there is a run",
  (device) =>
    withFolder(async (folder) => {
      const images = new MemoryImages(new Uint8Array(6 * 3 * 16 * 16), 16);
      const error = await assertRejects(
        () =>
          together(device, 2, {
            config,
            folder: `${folder}/run`,
            own: (rank) => rank === 1 ? { images } : {},
          }),
        UserError,
      );
      assertMatch(
        error.message,
        /^rank 1 has other images .*: 6 in place of 24;/,
      );
      assertEquals(await isRunFolder(`${folder}/run`), false);
    }),
);

/** Has a rank begin with other last bits than it is given, as another device has after a step. */
function rounding(device: Device): () => void {
  const write = device.write.bind(device);
  device.write = (storage, values) =>
    write(storage, Float32Array.from(values, (value) => value * (1 + 1e-6)));
  return () => device.write = write;
}

testOnWasm(
  "pretrainTogether: ranks on other devices take the state of rank 0 at every checkpoint, on equal ones it must be the same",
  (device) =>
    withFolder(async (folder) => {
      const started: (readonly string[])[] = [];
      const run = (name: string, description?: string) =>
        together(device, 2, {
          config: { ...config, checkpoints: { every: 2, keep: 1 } },
          folder: `${folder}/${name}`,
          own: (rank, device) => {
            if (rank === 0) return {};
            const onStart = rounding(device);
            const named = description ? { description } : {};
            return {
              device: Object.assign(device, named),
              onStart: (_step, _run, devices) => {
                onStart();
                started.push(devices);
              },
            };
          },
        });
      const ended = await run("mixed", "another");
      assertEquals(ended.map(({ step }) => step), [6, 6]);
      assertEquals(started, [[device.description.split(",")[0], "another"]]);
      await assertRejects(
        () => run("equal"),
        UserError,
        "after step 0 rank 1 has other values in ",
      );
    }),
);
