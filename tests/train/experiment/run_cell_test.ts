import {
  assert,
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertRejects,
} from "@std/assert";
import { openDataset } from "../../../datasets/registry.ts";
import { UserError } from "../../../engine/user_error.ts";
import { buildModel } from "../../../train/build_model.ts";
import { probeEncoder, probeImages } from "../../../train/evaluate/probe.ts";
import { loadRun, openRun } from "../../../train/run/load_run.ts";
import { lockRun } from "../../../train/run/lock.ts";
import { measuredDevice } from "../../engine/devices/wasm/measured_device.ts";
import { devices } from "../../engine/devices.ts";
import { isRunFolder } from "../../../train/run/run_folder.ts";
import { imageFile } from "../../datasets/image_file.ts";
import { TemporaryFolder } from "../../datasets/temporary_folder.ts";
import { cellWith, run } from "./tiny_cell.ts";

const [wasm] = devices;

Deno.test("runCell: pretrains and measures the layers, and does neither again", async () => {
  using folder = new TemporaryFolder();
  const path = `${folder.path}/a`;
  const first = run(cellWith(), path);
  const { layers, ...rest } = await first.result;
  assertEquals(rest, { steps: 4, finetuned: {}, failed: {} });
  assertEquals(first.phases, [
    "training 0/4",
    ...["untrained", "trained"].flatMap((encoder) => [
      `${encoder} 30 images`,
      `${encoder} 10 images`,
      `${encoder} 5 layers`,
    ]),
  ]);
  assertEquals(layers?.step, 4);
  assertEquals(layers?.trained.features.linear.images, 10);
  // features would fill the disk
  assertEquals([...Deno.readDirSync(path)].map(({ name }) => name).sort(), [
    "budget.json",
    "checkpoints",
    "config.json",
    "lock",
    "metrics.jsonl",
    "probe.json",
  ]);
  const again = run(cellWith(), path);
  assertEquals(await again.result, {
    steps: 4,
    layers,
    finetuned: {},
    failed: {},
  });
  assertEquals(again.phases, []);
});

Deno.test("runCell: measures the encoder as the seed initialises it, and as it was trained", async () => {
  using folder = new TemporaryFolder();
  const path = `${folder.path}/a`;
  const { config, ...cell } = cellWith({ optimizer: { learningRate: 0.1 } });
  const counts = { train: 30, test: 20 };
  const { layers } = await run({ ...cell, config }, path, {
    experiment: { probe: counts, finetune: {} },
  }).result;
  const splits = await openDataset(config.data);
  const images = probeImages(splits, counts)!;
  const trained = await loadRun(path, wasm);
  const encoders = {
    trained,
    untrained: buildModel(config, trained.imageSize),
  };
  for (const encoder of ["trained", "untrained"] as const) {
    assertEquals(
      layers?.[encoder],
      await probeEncoder(wasm, encoders[encoder], images, config, { encoder }),
    );
  }
  assertNotEquals(layers?.trained, layers?.untrained);
});

Deno.test("runCell: stopped, it goes on and ends as if it had not been", async () => {
  using folder = new TemporaryFolder();
  const whole = await run(cellWith(), `${folder.path}/a`).result;
  const path = `${folder.path}/b`;
  const stop = new AbortController();
  const first = run(cellWith(), path, {
    signal: stop.signal,
    pretraining: () => ({
      onStep: (step) => step >= 2 && stop.abort("stopped"),
    }),
  });
  assertEquals(await first.result.catch((reason) => reason), "stopped");
  const second = run(cellWith(), path);
  assertEquals(await second.result, whole);
  assert(/^training [23]\/4$/.test(second.phases[0]), second.phases[0]);
});

Deno.test("runCell: stops while pictures are decoded, not after the last", async () => {
  using folder = new TemporaryFolder();
  const picture = imageFile("PNG", 32, 32, () => [0, 0, 0]);
  for (let i = 0; i < 40; i++) folder.write(`pictures/${i}.png`, picture);
  const data = { name: "folder", path: `${folder.path}/pictures` };
  const cell = cellWith({ data: { ...data, imageSize: 32 } });
  const stop = new AbortController();
  const { promise: decoded, resolve } = Promise.withResolvers<void>();
  const left: number[] = [];
  const { result } = run(cell, `${folder.path}/a`, {
    experiment: { probe: null, finetune: {} },
    signal: stop.signal,
    opening: {
      onDecoded: (done, total) => {
        left.push(total - done);
        stop.abort("stopped");
        if (done === total) resolve();
      },
    },
  });
  assertEquals(await result.catch((reason) => reason), "stopped");
  assert(left.at(-1)! > 0, String(left));
  // what cannot be stopped goes on
  await decoded;
});

Deno.test("runCell: begins anew where no step was taken, and refuses another run's folder", async () => {
  using folder = new TemporaryFolder();
  const path = `${folder.path}/a`;
  folder.write("a/config.json", JSON.stringify(cellWith().config));
  folder.write("a/metrics.jsonl", '{"step":1,');
  folder.write("a/notes.txt", "mine");
  const options = { experiment: { probe: null, finetune: {} } };
  {
    using _lock = await lockRun((await openRun(path)).run);
    await assertRejects(
      () => run(cellWith(), path, options).result,
      UserError,
      `${path} is in use`,
    );
  }
  const { result, phases } = run(cellWith(), path, options);
  assertEquals(await result, {
    steps: 4,
    layers: undefined,
    finetuned: {},
    failed: {},
  });
  assertEquals(phases, ["training 0/4"]);
  assertEquals(Deno.readTextFileSync(`${path}/notes.txt`), "mine");
  // as in a run that did not end before it
  assert(Deno.statSync(`${path}/budget.json`).isFile);
  const error = await assertRejects(
    () => run(cellWith({ steps: 6 }), path).result,
    UserError,
  );
  assertEquals(
    error.message.replace(path, "a"),
    "a was begun with other settings: steps is 4 there, not 6; remove that folder or choose another --out",
  );
});

Deno.test("runCell: keeps the results of a run whose checkpoints were removed, and refuses its folder", async () => {
  using folder = new TemporaryFolder();
  const path = `${folder.path}/a`;
  const options = {
    experiment: {
      probe: { train: 30, test: 10 },
      finetune: { tuned: { steps: 1 } },
    },
  };
  await run(cellWith(), path, options).result;
  Deno.removeSync(`${path}/checkpoints`, { recursive: true });
  const refuse = async () => {
    const { result, phases } = run(cellWith(), path, options);
    const { message } = await assertRejects(() => result, UserError);
    assertEquals(
      message.replace(path, "a"),
      "a has results but no checkpoint to go on from; put its checkpoints back, remove that folder or choose another --out",
    );
    assertEquals(phases, []);
  };
  const kept = ["metrics.jsonl", "probe.json", "finetune/tuned/result.json"];
  // each of them is enough
  for (const name of kept) {
    await refuse();
    Deno.removeSync(`${path}/${name}`);
  }
});

Deno.test("runCell: does not go on while another process does, nor with other images", async () => {
  using folder = new TemporaryFolder();
  const path = `${folder.path}/a`;
  const data = { name: "cifar10", path: `${folder.path}/data` };
  const cell = cellWith({ data, views: 1 });
  const images = new Uint8Array(3073 * 20);
  folder.write("data/data_batch_1.bin", images);
  const options = { experiment: { probe: null, finetune: {} } };
  const stop = new AbortController();
  const first = run(cell, path, {
    ...options,
    signal: stop.signal,
    pretraining: () => ({ onStep: () => stop.abort("stopped") }),
  });
  assertEquals(await first.result.catch((reason) => reason), "stopped");
  {
    using _lock = await lockRun((await openRun(path)).run);
    await assertRejects(
      () => run(cell, path, options).result,
      UserError,
      `${path} is in use`,
    );
  }
  folder.write("data/data_batch_1.bin", images.with(1, 1));
  await assertRejects(
    () => run(cell, path, options).result,
    UserError,
    `${data.path} does not have the images that ${path} was started with`,
  );
});

Deno.test("runCell: does not measure what is pretrained with other images", async () => {
  using folder = new TemporaryFolder();
  const path = `${folder.path}/a`;
  const data = { name: "cifar10", path: `${folder.path}/data` };
  const cell = cellWith({ data, views: 1, steps: 1 });
  folder.write("data/data_batch_1.bin", new Uint8Array(3073 * 10));
  folder.write("data/test_batch.bin", new Uint8Array(3073 * 10));
  const nothing = { probe: null, finetune: {} };
  await run(cell, path, { experiment: nothing }).result;
  folder.write("data/test_batch.bin", new Uint8Array(3073 * 20));
  const { result, phases } = run(cell, path);
  await assertRejects(
    () => result,
    UserError,
    `${data.path} does not have the images that ${path} was started with: the files to measure with are others`,
  );
  assertEquals(phases, []);
});

Deno.test("runCell: leaves no folder where nothing could be done", async () => {
  using folder = new TemporaryFolder();
  const cell = cellWith({ losses: { maskedPatch: { weight: 0 } } });
  await assertRejects(
    () => run(cell, `${folder.path}/a`).result,
    UserError,
    "all losses have weight 0",
  );
  assertEquals([...Deno.readDirSync(folder.path)], []);
});

Deno.test("runCell: refuses images without labels before it pretrains, where something is measured by them", async () => {
  using folder = new TemporaryFolder();
  const path = `${folder.path}/a`;
  folder.write("pictures/0.png", imageFile("PNG", 32, 32, () => [0, 0, 0]));
  const cell = cellWith({
    data: { name: "folder", path: `${folder.path}/pictures`, imageSize: 32 },
  });
  const probe = { train: 2, test: 1 };
  const finetune = { tuned: { steps: 1 } };
  for (const measures of [{ probe, finetune: {} }, { probe: null, finetune }]) {
    const { result, phases } = run(cell, path, { experiment: measures });
    await assertRejects(
      () => result,
      UserError,
      `the images of ${path} have no labels to measure by; set probe to null and leave out finetune`,
    );
    assertEquals(phases, []);
    assertEquals(await isRunFolder(path), false);
  }
  const nothing = { probe: null, finetune: {} };
  const { steps } = await run(cell, path, { experiment: nothing }).result;
  assertEquals(steps, 4);
});

Deno.test("runCell: refuses labelled images of which none is to test with before it pretrains", async () => {
  using folder = new TemporaryFolder();
  const path = `${folder.path}/a`;
  for (const name of ["cats", "dogs"]) {
    const picture = imageFile("PNG", 32, 32, () => [0, 0, 0]);
    folder.write(`pictures/${name}/only.png`, picture);
  }
  const cell = cellWith({
    data: { name: "folder", path: `${folder.path}/pictures`, imageSize: 32 },
  });
  const { result, phases } = run(cell, path);
  await assertRejects(
    () => result,
    UserError,
    `the images of ${path} have labels, but there are none to test with; add some`,
  );
  assertEquals(phases, []);
});

Deno.test({
  name: "runCell: closes the files of its images",
  sanitizeResources: true,
  fn: async () => {
    using folder = new TemporaryFolder();
    folder.write("pictures/0.png", imageFile("PNG", 32, 32, () => [0, 0, 0]));
    const data = { name: "folder", path: `${folder.path}/pictures` };
    const cell = cellWith({ data: { ...data, imageSize: 32 }, steps: 1 });
    const { steps } = await run(cell, `${folder.path}/a`, {
      experiment: { probe: null, finetune: {} },
      opening: { cache: `${folder.path}/cache` },
    }).result;
    assertEquals(steps, 1);
  },
});

Deno.test("runCell: fine-tunes in every way that is asked for, and none again", async () => {
  using folder = new TemporaryFolder();
  const path = `${folder.path}/a`;
  const experiment = {
    probe: null,
    finetune: {
      "fine-tuned": { steps: 2 },
      "from scratch": { steps: 1, fromScratch: true },
    },
  };
  const first = run(cellWith(), path, { experiment });
  const { finetuned } = await first.result;
  assertEquals(Object.keys(finetuned), ["fine-tuned", "from scratch"]);
  assertEquals(first.phases, [
    "training 0/4",
    "fine-tuned 2",
    "from scratch 1",
  ]);
  assertEquals(finetuned["from scratch"].images, 20);
  const again = run(cellWith(), path, { experiment });
  assertEquals((await again.result).finetuned, finetuned);
  assertEquals(again.phases, []);
});

Deno.test("runCell: a fine-tuning that fails costs neither the layers nor other columns, and is tried again", async () => {
  using folder = new TemporaryFolder();
  const path = `${folder.path}/a`;
  const experiment = {
    probe: { train: 30, test: 10 },
    finetune: {
      // the baseline has no prediction
      prediction: { input: "prediction", steps: 1 },
      image: { input: "image", steps: 1 },
    },
  } as const;
  const { layers, finetuned, failed } = await run(cellWith(), path, {
    experiment,
  }).result;
  assertEquals(layers?.trained.features.linear.images, 10);
  assertEquals(Object.keys(finetuned), ["image"]);
  assertEquals(Object.keys(failed), ["prediction"]);
  assertMatch(
    failed.prediction,
    /^input is prediction, which takes a model with the double view/,
  );
  const image = { input: "image", steps: 1 } as const;
  const repaired = { ...experiment, finetune: { prediction: image, image } };
  const again = run(cellWith(), path, { experiment: repaired });
  assertEquals((await again.result).failed, {});
  assertEquals(again.phases, ["prediction 1"]);
});

Deno.test("runCell: stopped while it fine-tunes, it throws the reason and names no failure", async () => {
  using folder = new TemporaryFolder();
  const stop = new AbortController();
  const { result } = run(cellWith(), `${folder.path}/a`, {
    experiment: { probe: null, finetune: { tuned: { steps: 9 } } },
    signal: stop.signal,
    finetuning: () => ({ onPhase: () => stop.abort("stopped") }),
  });
  assertEquals(await result.catch((reason) => reason), "stopped");
});

Deno.test("runCell: many cells need no more of the device's memory than a few", async () => {
  using folder = new TemporaryFolder();
  const { device, memory } = measuredDevice();
  const experiment = {
    probe: { train: 20, test: 10 },
    finetune: { tuned: { steps: 1 } },
  };
  // megabytes, beside which what else is allocated and freed is little
  const encoder = { name: "resnet", depth: 18, width: 0.25, stem: "small" };
  const cell = cellWith({ steps: 1, encoder });
  const take = (name: string) =>
    run(cell, `${folder.path}/${name}`, { device, experiment }).result;
  await take("a");
  await take("b");
  const before = memory.buffer.byteLength;
  for (const name of ["c", "d", "e", "f"]) await take(name);
  assertEquals(memory.buffer.byteLength, before);
  device.destroy();
});
