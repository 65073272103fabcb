import {
  assert,
  assertEquals,
  assertNotEquals,
  assertRejects,
} from "@std/assert";
import { MemoryImages } from "../../../datasets/memory_images.ts";
import { buildModel } from "../../../train/build_model.ts";
import {
  type EncoderName,
  probeEncoder,
  probeImages,
  type ProbePhase,
} from "../../../train/evaluate/probe.ts";
import {
  type ProbeResults,
  readProbe,
  writeProbe,
} from "../../../train/evaluate/probe_file.ts";
import { probeRun, type ProbeTask } from "../../../train/evaluate/probe_run.ts";
import { UserError } from "../../../engine/user_error.ts";
import { claim } from "../../../train/run/claim.ts";
import { devices } from "../../engine/devices.ts";
import { TemporaryFolder } from "../../datasets/temporary_folder.ts";
import { IMAGE_SIZE, tinyConfig, tinyImages } from "../tiny_model.ts";

// the parts are tested on every device
const [wasm] = devices;

/** The tiny images, with classes; `shift` changes the labels, `change` the last image. */
async function labelled(shift = 0, change = 0): Promise<MemoryImages> {
  const images = tinyImages();
  const pixels = await images.read([...Array(images.size).keys()]);
  pixels[pixels.length - 1] ^= change;
  const labels = Uint32Array.from(
    { length: images.size },
    (_, i) => (i + shift) % 3,
  );
  return new MemoryImages(pixels, IMAGE_SIZE, labels, ["a", "b", "c"]);
}

interface Setting {
  readonly task: ProbeTask;
  /** What was measured, a line for each phase. */
  readonly phases: string[];
}

async function setUp(
  folder: string,
  seed = 7,
  train?: MemoryImages,
): Promise<Setting> {
  const config = tinyConfig();
  const test = await labelled();
  const images = probeImages(
    { unlabelled: test, train: train ?? test, test },
    { train: Infinity, test: 10 },
  )!;
  const phases: string[] = [];
  return {
    phases,
    task: {
      device: wasm,
      config,
      step: 0,
      encoders: {
        untrained: buildModel(config, IMAGE_SIZE),
        trained: buildModel({ ...config, seed }, IMAGE_SIZE),
      },
      images,
      path: `${folder}/probe.json`,
      cachePath: `${folder}/features`,
      onPhase: ({ encoder, unit, total }: ProbePhase) =>
        encoder && phases.push(`${encoder}: ${total} ${unit}`),
    },
  };
}

/** The same in a folder of its own within another. */
function setUpIn(folder: string, name: string): Promise<Setting> {
  const path = `${folder}/${name}`;
  Deno.mkdirSync(path, { recursive: true });
  return setUp(path);
}

const LAYERS = ["patch res1", "patch res2", "patch res3", "patch res4"];

Deno.test("probeRun: measures every layer of both encoders once, and nothing when called again", async () => {
  using folder = new TemporaryFolder();
  const first = await setUp(folder.path);
  const results = await probeRun(first.task);
  assertEquals(first.phases, [
    "untrained: 24 images",
    "untrained: 10 images",
    "untrained: 5 layers",
    // the same weights have the same features
    "trained: 5 layers",
  ]);
  assertEquals(Object.keys(results.trained), [...LAYERS, "features"]);
  assertEquals(results.trained, results.untrained);
  const { linear, neighbours } = results.trained["patch res4"];
  assertEquals([linear.fitted, linear.heldOut, linear.images], [22, 2, 10]);
  assertEquals([neighbours.neighbours, neighbours.bank], [20, 24]);

  const again = await setUp(folder.path);
  {
    // where nothing is left to do, others may be at work
    using _lock = await claim(`${again.task.cachePath}/lock`);
    assertEquals(await probeRun(again.task), results);
  }
  assertEquals(again.phases, []);
  // features are kept for other results
  Deno.removeSync(again.task.path);
  assertEquals(await probeRun(again.task), results);
  assertEquals(again.phases, ["untrained: 5 layers", "trained: 5 layers"]);
});

Deno.test("probeRun: measures anew what depends on other weights, labels or pixels", async () => {
  using folder = new TemporaryFolder();
  const results = await probeRun((await setUp(folder.path)).task);
  const trained = await setUp(folder.path, 8);
  const other = await probeRun(trained.task);
  assertEquals(trained.phases, [
    "untrained: 5 layers",
    "trained: 24 images",
    "trained: 10 images",
    "trained: 5 layers",
  ]);
  assertEquals(other.untrained, results.untrained);
  assert(other.source !== results.source);
  const labels = await setUp(folder.path, 8, await labelled(1));
  const relabelled = await probeRun(labels.task);
  assert(relabelled.source !== other.source);
  assertEquals(labels.phases.length, 4);
  const pixels = await setUp(folder.path, 8, await labelled(1, 1));
  assert((await probeRun(pixels.task)).source !== relabelled.source);
  // the training images alone
  assertEquals(pixels.phases.length, 4);
});

Deno.test("probeRun: has of each encoder what measuring it alone gives", async () => {
  using folder = new TemporaryFolder();
  const { task } = await setUp(folder.path, 8, await labelled(1));
  const { device, config, encoders, images } = task;
  const { untrained, trained } = await probeRun(task);
  const measure = (encoder: EncoderName) =>
    probeEncoder(device, encoders[encoder], images, config, { encoder });
  assertEquals(untrained, await measure("untrained"));
  assertEquals(trained, await measure("trained"));
  assertNotEquals(trained, untrained);
});

Deno.test("probeRun: measures anew with other settings, labels beyond a byte, or a change in the last of many images", async () => {
  using folder = new TemporaryFolder();
  const { task } = await setUp(folder.path);
  const pixels = new Uint8Array(501 * 3 * IMAGE_SIZE ** 2);
  const images = (pixels: Uint8Array, label: number) => {
    const part = (size: number) => ({
      dataset: new MemoryImages(pixels, IMAGE_SIZE),
      positions: Uint32Array.from({ length: size }, (_, i) => i),
      labels: Uint32Array.from({ length: size }, (_, i) => i % 2 ? label : 1),
    });
    return { train: part(2), test: part(501) };
  };
  const few = { ...task, images: images(pixels, 0) };
  const results = await probeRun(few);
  const onPhase = ({ encoder }: ProbePhase) => {
    if (encoder) throw new Error("measures");
  };
  assertEquals(await probeRun({ ...few, onPhase }), results);
  const changed: Partial<ProbeTask>[] = [
    { images: images(pixels, 256) },
    { images: images(pixels.with(-1, 1), 0) },
    ...[
      { seed: 8 },
      { augmentation: { name: "crop" } },
      { evaluation: { neighbours: 5 } },
      { evaluation: { bank: 5 } },
      { evaluation: { queries: 5 } },
    ].map((changes) => ({ config: tinyConfig(changes) })),
  ];
  for (const changes of changed) {
    await assertRejects(
      () => probeRun({ ...few, ...changes, onPhase }),
      Error,
      "measures",
    );
  }
});

Deno.test("probeRun: goes on where it was stopped, with the same results", async () => {
  using folder = new TemporaryFolder();
  const whole = await probeRun((await setUpIn(folder.path, "whole")).task);
  for (const stopAt of [0, 2]) {
    const name = `stopped-${stopAt}`;
    const { task } = await setUpIn(folder.path, name);
    const controller = new AbortController();
    let layers = false;
    await assertRejects(
      () =>
        probeRun({
          ...task,
          signal: controller.signal,
          onPhase: ({ unit }) => {
            layers = unit === "layers";
            if (layers && stopAt === 0) controller.abort(new Error("enough"));
          },
          onProgress: (done) => {
            if (layers && done === stopAt) {
              controller.abort(new Error("enough"));
            }
          },
        }),
      Error,
      "enough",
    );
    const kept = await readProbe(task.path);
    assertEquals(Object.keys(kept?.untrained ?? {}).length, stopAt);
    const { task: next, phases } = await setUpIn(folder.path, name);
    // what is there is not measured again
    const marked = (results: ProbeResults) => ({
      ...results,
      untrained: Object.fromEntries(
        Object.entries(results.untrained).map(([layer, result], i) => [
          layer,
          i < stopAt ? { ...result, width: 1000 + i } : result,
        ]),
      ),
    });
    if (kept) await writeProbe(task.path, marked(kept));
    assertEquals(await probeRun(next), marked(whole));
    assertEquals(phases, ["untrained: 5 layers", "trained: 5 layers"]);
  }
});

Deno.test("probeRun: shows how many images it has read to tell whether they have changed, and stops meanwhile", async () => {
  using folder = new TemporaryFolder();
  const { task } = await setUp(folder.path);
  const part = (size: number) => ({
    dataset: new MemoryImages(new Uint8Array(3 * IMAGE_SIZE ** 2), IMAGE_SIZE),
    positions: new Uint32Array(size),
    labels: new Uint32Array(size),
  });
  const controller = new AbortController();
  const phases: ProbePhase[] = [];
  const progress: number[] = [];
  await assertRejects(
    () =>
      probeRun({
        ...task,
        images: { train: part(2), test: part(1001) },
        signal: controller.signal,
        onPhase: (phase) => phases.push(phase),
        onProgress(done) {
          progress.push(done);
          if (done > 1000) controller.abort(new Error("enough"));
        },
      }),
    Error,
    "enough",
  );
  assertEquals(phases, [{ unit: "images", total: 1003 }]);
  assertEquals(progress, [2, 502, 1002]);
  assertEquals([...Deno.readDirSync(folder.path)], []);
});

Deno.test("probeRun: is refused while another process measures the run", async () => {
  using folder = new TemporaryFolder();
  const { task } = await setUp(folder.path);
  using _lock = await claim(`${task.cachePath}/lock`);
  await assertRejects(
    () => probeRun(task),
    UserError,
    `${task.cachePath} is in use: another process measures the same run; wait until it ends, or stop it`,
  );
});
