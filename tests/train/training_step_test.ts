import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Device } from "../../engine/devices/device.ts";
import { WasmDevice } from "../../engine/devices/wasm/device.ts";
import { measuredDevice } from "../engine/devices/wasm/measured_device.ts";
import { devices, testOnDevices, testOnWasm } from "../engine/devices.ts";
import { assertSoundPlan } from "../engine/sound_plan.ts";
import {
  fullModel,
  startTiny,
  stateOf,
  takeSteps,
  tinyConfig,
  type TinyState,
  train,
} from "./tiny_model.ts";

/**
 * How far two trainings may end apart, in parts of the distance travelled. Devices and kernels add
 * in different orders, which gives 1e-5 after twenty steps; but where the input of a ReLU is within
 * rounding of 0, one may let a value pass that the other stops, and with the few values of this
 * model that has given 3e-3. A wrong gradient of one parameter in a thousand gives 3e-2.
 */
const TOLERANCE = 1e-2;

/** What a training state consists of; each kind has values of another size. */
function kindOf(name: string): string {
  return /^optimizer\.\w+|(mean|variance|vectors|masses)$/.exec(name)?.[0] ??
    "parameters";
}

/** Asserts that two trainings from the same start took the same way. */
function assertSameWay(
  actual: TinyState,
  expected: TinyState,
  start: TinyState,
): void {
  const squares = new Map<string, { apart: number; travelled: number }>();
  for (const [name, { data }] of Object.entries(expected)) {
    const kind = kindOf(name);
    const sum = squares.get(kind) ?? { apart: 0, travelled: 0 };
    data.forEach((value, i) => {
      sum.apart += (actual[name].data[i] - value) ** 2;
      sum.travelled += (value - start[name].data[i]) ** 2;
    });
    squares.set(kind, sum);
  }
  for (const kind of ["parameters", "mean", "optimizer.secondMoment"]) {
    assert(squares.has(kind));
  }
  for (const [kind, { apart, travelled }] of squares) {
    assert(travelled > 0, `${kind} did not change`);
    const ratio = Math.sqrt(apart / travelled);
    assert(ratio < TOLERANCE, `${kind} ended ${ratio} of their way apart`);
  }
}

/** Registers a test for WebGPU alone; without an adapter it is reported as skipped. */
function testOnWebGpu(
  name: string,
  test: (webgpu: Device) => Promise<void>,
): void {
  const webgpu = devices.find(({ kind }) => kind === "webgpu");
  Deno.test({
    name: `webgpu: ${name}${webgpu ? "" : " (no adapter)"}`,
    ignore: !webgpu,
    fn: () => test(webgpu!),
  });
}

// one model for all: compiling its shaders takes most of the time
const config = tinyConfig(fullModel);

testOnWebGpu(
  "TrainingStep: leads to the same place on wasm and on WebGPU",
  async (webgpu) => {
    const [wasm] = devices;
    const steps = 6;
    assertSameWay(
      await train(webgpu, steps, config),
      await train(wasm, steps, config),
      await train(wasm, 0, config),
    );
  },
);

// that WebGPU's fused kernels train as wasm's do is shown above; its hundreds of separate ones compile for a minute
testOnWasm(
  "TrainingStep: fused kernels train as separate ones do",
  async (wasm) => {
    const steps = 4;
    assertSameWay(
      await train(wasm, steps, config),
      await train(wasm, steps, config, { fused: false }),
      await train(wasm, 0, config),
    );
  },
);

testOnWasm(
  "TrainingStep: twenty steps of the baseline, fused and not, lead to the same place",
  async (wasm) => {
    const steps = 20;
    const baseline = tinyConfig();
    assertSameWay(
      await train(wasm, steps, baseline),
      await train(wasm, steps, baseline, { fused: false }),
      await train(wasm, 0, baseline),
    );
  },
);

Deno.test("TrainingStep: does not depend on the number of threads", async () => {
  const states: TinyState[] = [];
  for (const threads of [1, 2, 3]) {
    const device = new WasmDevice(threads);
    states.push(await train(device, 3, config));
    device.destroy();
  }
  assertEquals(states[1], states[0]);
  assertEquals(states[2], states[0]);
});

testOnDevices(
  "TrainingStep: the same seed trains the same, another one does not",
  async (device) => {
    const first = await train(device, 2, config);
    assertEquals(await train(device, 2, config), first);
    const other = await train(device, 2, { ...config, seed: 8 });
    const name = "encoder.stem.weight";
    assert(other[name].data.every((value, i) => value !== first[name].data[i]));
  },
);

testOnDevices(
  "TrainingStep: working memory is shared soundly and to the full",
  async (device) => {
    const { step } = await startTiny(device, config);
    const { plan } = step;
    assertSoundPlan(plan, device.limits);
    const collided = new Map([...plan.offsets.keys()].map((key) => [key, 0]));
    assertThrows(() =>
      assertSoundPlan({ ...plan, offsets: collided }, device.limits)
    );
    assert(
      plan.arenaBytes <= 1.15 * plan.liveBytes,
      `${plan.arenaBytes} bytes for ${plan.liveBytes} alive at a time`,
    );
    step.destroy();
  },
);

Deno.test("wasm: TrainingStep: steps need no more memory than the first one", async () => {
  const { device, memory } = measuredDevice();
  const run = await startTiny(device, config);
  await takeSteps(run, 0, 1);
  const before = memory.buffer.byteLength;
  await takeSteps(run, 1, 12);
  await run.step.metrics(0, 12);
  await stateOf(device, run);
  assertEquals(memory.buffer.byteLength, before);
  device.destroy();
});

testOnWebGpu(
  "TrainingStep: steps make no buffers, bind groups, shaders or pipelines",
  async (webgpu) => {
    const run = await startTiny(webgpu, config);
    await takeSteps(run, 0, 1);
    const made: string[] = [];
    const prototype = GPUDevice.prototype;
    const originals = Object.entries(
      Object.getOwnPropertyDescriptors(prototype),
    )
      .filter(([name]) =>
        /^create(Buffer|BindGroup|ShaderModule|ComputePipeline)/.test(name)
      );
    assert(originals.length >= 5);
    for (const [name, descriptor] of originals) {
      Object.defineProperty(prototype, name, {
        ...descriptor,
        value(...values: unknown[]) {
          made.push(name);
          return descriptor.value.apply(this, values);
        },
      });
    }
    try {
      await takeSteps(run, 1, 12);
      assertEquals(made, []);
      // reading does make a buffer, which shows that making one is noticed
      await run.step.metrics(0, 12);
      assertEquals(made, ["createBuffer"]);
    } finally {
      for (const [name, descriptor] of originals) {
        Object.defineProperty(prototype, name, descriptor);
      }
      run.step.destroy();
    }
  },
);

testOnDevices(
  "TrainingStep: a step that is not finite changes nothing, nor does any after it",
  async (device) => {
    const run = await startTiny(
      device,
      tinyConfig({
        ...fullModel,
        warmupSteps: 0,
        optimizer: { learningRate: 1e30 },
      }),
    );
    await takeSteps(run, 0, 1);
    const before = await stateOf(device, run);
    await takeSteps(run, 1, 4);
    const metrics = await run.step.metrics(0, 4);
    assertEquals(metrics.map(({ proceeds }) => proceeds), [1, 0, 0, 0]);
    assertEquals(await stateOf(device, run), before);
    assert(
      Object.values(before).every(({ data }) => data.every(Number.isFinite)),
    );
    run.step.destroy();
  },
);
