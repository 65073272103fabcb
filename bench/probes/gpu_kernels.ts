/**
 * Prints how long a training step of a preset takes on a GPU, and each of its kernels, summed by label and
 * number of workgroups. Kernels are timed in a pass of their own each, by timestamp queries.
 *
 *     deno run --allow-read bench/probes/gpu_kernels.ts PRESET [ROWS]
 */
import { WebGpuDevice } from "../../engine/devices/webgpu/device.ts";
import { TrainingStep } from "../../train/training_step.ts";
import { presetConfig, type PresetName } from "../models.ts";
import { finished } from "../ours/replay.ts";
import { shippedParts, someImages } from "../ours/training.ts";

const DEFAULT_ROWS = 30;
/** A query set may hold twice as many. */
const SET_KERNELS = 2048;
const SECONDS = 1;

const [preset, rows = DEFAULT_ROWS] = Deno.args;

/** The GPU that the engine opens, with timestamps. */
let gpu: GPUDevice | undefined;
const { requestDevice } = GPUAdapter.prototype;
GPUAdapter.prototype.requestDevice = async function (descriptor) {
  const requiredFeatures: GPUFeatureName[] = ["timestamp-query"];
  gpu = await requestDevice.call(this, { ...descriptor, requiredFeatures });
  return gpu;
};

/** What has been timed of a step; nothing is while this is undefined. */
let timed:
  | { readonly sets: GPUQuerySet[]; readonly labels: string[] }
  | undefined;
const { beginComputePass } = GPUCommandEncoder.prototype;
GPUCommandEncoder.prototype.beginComputePass = function (descriptor) {
  return timed
    ? onePassEach(this, timed)
    : beginComputePass.call(this, descriptor);
};

/** Stands for one pass, and makes one for each dispatch. */
function onePassEach(
  encoder: GPUCommandEncoder,
  { sets, labels }: NonNullable<typeof timed>,
): GPUComputePassEncoder {
  let group: GPUBindGroup;
  let pipeline: GPUComputePipeline;
  const pass: Partial<GPUComputePassEncoder> = {
    setBindGroup: (_index: number, value: GPUBindGroup | null) => {
      group = value!;
    },
    setPipeline: (value) => {
      pipeline = value;
    },
    dispatchWorkgroups(x, y = 1) {
      const index = labels.length % SET_KERNELS;
      if (index === 0) {
        sets.push(
          gpu!.createQuerySet({ type: "timestamp", count: 2 * SET_KERNELS }),
        );
      }
      const own = beginComputePass.call(encoder, {
        timestampWrites: {
          querySet: sets.at(-1)!,
          beginningOfPassWriteIndex: 2 * index,
          endOfPassWriteIndex: 2 * index + 1,
        },
      });
      labels.push(`${pipeline.label}, ${x * y} workgroups`);
      own.setBindGroup(0, group);
      own.setPipeline(pipeline);
      own.dispatchWorkgroups(x, y);
      own.end();
    },
    end() {},
  };
  return pass as GPUComputePassEncoder;
}

/** Milliseconds of each of the first kernels that a query set has the timestamps of. */
async function readTimes(queries: GPUQuerySet, kernels: number) {
  const bytes = 16 * kernels;
  const { COPY_DST, COPY_SRC, MAP_READ, QUERY_RESOLVE } = GPUBufferUsage;
  const resolved = gpu!.createBuffer({
    size: bytes,
    usage: QUERY_RESOLVE | COPY_SRC,
  });
  const staging = gpu!.createBuffer({
    size: bytes,
    usage: COPY_DST | MAP_READ,
  });
  const encoder = gpu!.createCommandEncoder();
  encoder.resolveQuerySet(queries, 0, 2 * kernels, resolved, 0);
  encoder.copyBufferToBuffer(resolved, 0, staging, 0, bytes);
  gpu!.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const nanoseconds = new BigUint64Array(staging.getMappedRange());
  return Array.from(
    { length: kernels },
    (_, i) => Number(nanoseconds[2 * i + 1] - nanoseconds[2 * i]) / 1e6,
  );
}

const device = await WebGpuDevice.request();
if (!device || device.software) throw new Error("no GPU found");
console.log(`${preset} on ${device.description}`);
const config = presetConfig(preset as PresetName);
let start = performance.now();
const seconds = () => (performance.now() - start) / 1000;
const step = await TrainingStep.compile(device, shippedParts(config));
const images = someImages(config);
await step.run(0, images);
await finished(device);
console.log(`compiled after ${seconds().toFixed(1)} s`);

let steps = 0;
start = performance.now();
// ever more between two waits, which take up to 10 ms
for (let more = 1; seconds() < SECONDS; more *= 2) {
  for (let i = 0; i < more; i++) await step.run(++steps, images);
  await finished(device);
}
const perStep = 1000 * seconds() / steps;
timed = { sets: [], labels: [] };
await step.run(steps + 1, images);
const { sets, labels } = timed;
timed = undefined;

const times: number[] = [];
for (const queries of sets) {
  const left = labels.length - times.length;
  times.push(...await readTimes(queries, Math.min(left, SET_KERNELS)));
}
const sums = new Map<string, { milliseconds: number; kernels: number }>();
labels.forEach((label, i) => {
  const { milliseconds = 0, kernels = 0 } = sums.get(label) ?? {};
  sums.set(label, {
    milliseconds: milliseconds + times[i],
    kernels: kernels + 1,
  });
});
const total = times.reduce((a, b) => a + b, 0);
console.log(
  `a step takes ${perStep.toFixed(1)} ms, its ${labels.length} kernels ${
    total.toFixed(1)
  } ms, each in turn:`,
);
[...sums].toSorted(([, a], [, b]) => b.milliseconds - a.milliseconds)
  .slice(0, Number(rows)).forEach(([label, { milliseconds, kernels }]) =>
    console.log(
      `${milliseconds.toFixed(2).padStart(9)} ms ${
        String(kernels).padStart(4)
      }x  ${label}`,
    )
  );
device.destroy();
