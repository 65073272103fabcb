import { assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import type { Device } from "../../../engine/devices/device.ts";
import { UserError } from "../../../engine/user_error.ts";
import type { Config } from "../../../train/config/config.ts";
import { pretrainTogether } from "../../../train/distributed/pretrain_together.ts";
import { pretrain } from "../../../train/pretrain.ts";
import { encodeSafetensors } from "../../../train/run/safetensors_bytes.ts";
import { readMetrics } from "../../../train/run/metrics_file.ts";
import {
  createRunFolder,
  openRunFolder,
  type RunFolder,
} from "../../../train/run/run_folder.ts";
import type { LoopResult } from "../../../train/training_loop.ts";
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
  { config, folder, resumed, stop }: Begun,
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
