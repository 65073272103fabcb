import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Device, HostArray } from "../../../engine/devices/device.ts";
import { WasmDevice } from "../../../engine/devices/wasm/device.ts";
import { planMemory } from "../../../engine/compile/memory.ts";
import { Storage } from "../../../engine/graph/tensor.ts";
import { UserError } from "../../../engine/user_error.ts";
import { withSeed } from "../../random.ts";
import { testOnDevices, testOnWebGpu } from "../devices.ts";
import { increment, incrementChain } from "./increment.ts";
import { filled, scheduleOf, stateBuffer } from "./kernels/harness.ts";

/** Registers a test that gets a device of each kind to itself, and may destroy it. */
function testOnOwnDevices(
  name: string,
  test: (device: Device) => Promise<void>,
): void {
  Deno.test(`wasm: ${name}`, () =>
    withSeed(name, async () => {
      const device = new WasmDevice(2);
      try {
        await test(device);
      } finally {
        device.destroy();
      }
    }));
  testOnWebGpu(name, test);
}

const compile = (device: Device, size = 67, steps = 4) => {
  const { schedule, results } = incrementChain(size, steps);
  return device.compile(planMemory(schedule, device.limits)).then((
    program,
  ) => ({
    program,
    results,
    output: schedule.outputs[0],
  }));
};

testOnDevices(
  "Device.read: a storage of several upload pieces reads back as it was written",
  async (device) => {
    const values = Uint32Array.from({ length: 5 * 2 ** 20 + 3 }, (_, i) => i);
    const storage = new Storage("large", values.length, "u32", values);
    const first = await device.read(storage);
    assert(
      first.length === values.length && first.every((value, i) => value === i),
    );
    await device.write(storage, values.map((value) => value * 3));
    assert((await device.read(storage)).every((value, i) => value === i * 3));
  },
);

testOnDevices(
  "Executable.run: runs dispatch by dispatch, and reads its inputs at the first",
  async (device) => {
    const { program, results } = await compile(device);
    for (const [i, result] of results.entries()) {
      await program.run({ x: filled(67, (j) => j) }, i, i + 1);
      assertEquals(await program.read(result), filled(67, (j) => j + i + 1));
    }
    program.destroy();
  },
);

testOnDevices(
  "Executable.run: steps run in the order in which they were queued",
  async (device) => {
    const counter = stateBuffer(new Storage("counter", 3));
    const schedule = scheduleOf([{
      kernel: increment(3),
      inputs: [counter],
      output: counter,
    }]);
    const program = await device.compile(planMemory(schedule, device.limits));
    const runs = Array.from({ length: 100 }, () => program.run({}));
    assertEquals([...await program.read(counter)], [100, 100, 100]);
    await Promise.all(runs);
  },
);

testOnWebGpu(
  "Executable.read: outputs stay readable while another program runs and after it is destroyed",
  async (device) => {
    const [first, second] = await Promise.all([
      compile(device),
      compile(device),
    ]);
    await first.program.run({ x: filled(67, () => 1) });
    await second.program.run({ x: filled(67, () => 8) });
    second.program.destroy();
    assertEquals(await first.program.read(first.output), filled(67, () => 5));
  },
);

testOnDevices(
  "Executable.run: inputs that are missing or of another type or size are named",
  async (device) => {
    const { program } = await compile(device, 5);
    const needs = 'input "x" needs a Float32Array of 5 values';
    for (
      const [feeds, given] of [
        [{}, "nothing"],
        [{ x: new Int32Array(5) }, "Int32Array of 5"],
        [{ x: new Float32Array(4) }, "Float32Array of 4"],
      ] satisfies [Record<string, HostArray>, string][]
    ) {
      await assertRejects(
        () => program.run(feeds),
        UserError,
        `${needs}, not ${given}`,
      );
    }
    // and the program goes on working
    await program.run({ x: new Float32Array(5) });
    program.destroy();
  },
);

testOnDevices(
  "Device.write: values of another type or size are refused",
  async (device) => {
    const storage = new Storage("weights", 4);
    await device.write(storage, Float32Array.of(1, 2, 3, 4));
    for (const values of [new Float32Array(3), new Int32Array(4)]) {
      await assertRejects(
        () => device.write(storage, values),
        UserError,
        "weights needs a Float32Array of 4 values, not",
      );
    }
    assertEquals([...await device.read(storage)], [1, 2, 3, 4]);
  },
);

testOnDevices(
  "Device.read: a storage that the device has no memory for is named",
  async (device) => {
    const huge = new Storage("all weights", 2 ** 43);
    await assertRejects(() => device.read(huge), UserError, "all weights");
    // and the device goes on working
    assertEquals([...await device.read(new Storage("small", 2))], [0, 0]);
  },
);

testOnDevices(
  "Device.compile: where it fails, storages are released that were not there before",
  async (device) => {
    const kept = new Storage("kept", 3);
    await device.write(kept, Float32Array.of(1, 2, 3));
    const initial = new Float32Array(3);
    const added = new Storage("added", 3, "f32", initial);
    const huge = new Storage("all weights", 2 ** 43);
    const incremented = [
      stateBuffer(kept),
      stateBuffer(added),
      stateBuffer(huge, 0, 3),
    ];
    const schedule = scheduleOf(incremented.map((buffer) => ({
      kernel: increment(3),
      inputs: [buffer],
      output: buffer,
    })));
    await assertRejects(
      () => device.compile(planMemory(schedule, device.limits)),
      UserError,
      "all weights",
    );
    // to be seen when the storage is next placed on the device
    initial.fill(4);
    assertEquals([...await device.read(added)], [4, 4, 4]);
    assertEquals([...await device.read(kept)], [1, 2, 3]);
  },
);

testOnOwnDevices(
  "Device.destroy: whatever is called afterwards rejects",
  async (device) => {
    const { program, output } = await compile(device);
    device.destroy();
    device.destroy();
    const storage = new Storage("late", 1);
    for (
      const call of [
        () => program.run({ x: new Float32Array(67) }),
        () => program.read(output),
        () => compile(device),
        () => device.read(storage),
        () => device.write(storage, new Float32Array(1)),
      ]
    ) await assertRejects(call, UserError, "this device was destroyed");
    program.destroy();
    device.release(storage);
  },
);

testOnOwnDevices(
  "Device.destroy: what is pending settles",
  async (device) => {
    const { program, output } = await compile(device);
    const pending = Promise.allSettled([
      ...Array.from(
        { length: 40 },
        () => program.run({ x: new Float32Array(67) }),
      ),
      program.read(output),
      device.read(new Storage("pending", 1000)),
      compile(device),
    ]);
    device.destroy();
    for (const result of (await pending).slice(-3)) {
      assert(result.status === "rejected");
      assert(`${result.reason}`.includes("this device was destroyed"));
    }
  },
);

testOnDevices(
  "Executable.destroy: the program refuses to run, and the device goes on",
  async (device) => {
    const { program, output } = await compile(device);
    const queued = program.run({ x: new Float32Array(67) });
    program.destroy();
    program.destroy();
    await queued;
    const message = "this program was destroyed";
    await assertRejects(
      () => program.run({ x: new Float32Array(67) }),
      Error,
      message,
    );
    await assertRejects(() => program.read(output), Error, message);
    const again = await compile(device);
    await again.program.run({ x: new Float32Array(67) });
    assertEquals((await again.program.read(again.output))[66], 4);
    again.program.destroy();
  },
);
