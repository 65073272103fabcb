import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { findAdapter } from "../../engine/devices/webgpu/adapter.ts";
import { openDevice } from "../../engine/open_device.ts";
import { UserError } from "../../engine/user_error.ts";

const { adapter, problem } = await findAdapter();
const isGpu = adapter !== undefined && !adapter.info.isFallbackAdapter;

Deno.test("openDevice: gives the processor when it is asked for", async () => {
  const { device, reason } = await openDevice("wasm");
  device.destroy();
  assertEquals(device.kind, "wasm");
  assertEquals(reason, `${device.description} (asked for)`);
});

Deno.test("openDevice: starts as many threads as it is asked for", async () => {
  const { device } = await openDevice("wasm", 3);
  device.destroy();
  assert(device.description.endsWith(", 3 threads"), device.description);
});

Deno.test("openDevice: prefers a GPU, and the processor to one in software", async () => {
  const { device, reason } = await openDevice();
  device.destroy();
  assertEquals(device.kind, isGpu ? "webgpu" : "wasm");
  const why = isGpu ? "a GPU is there" : problem ?? "no GPU found";
  assertEquals(reason, `${device.description} (${why})`);
});

Deno.test({
  name: "openDevice: says that a GPU takes no number of threads",
  ignore: !adapter,
  fn: async () => {
    const { gpu } = navigator;
    const { limits, features } = adapter!;
    gpu.requestAdapter = async () => {
      const found = (await GPU.prototype.requestAdapter.call(gpu))!;
      return Object.create(found, {
        info: { value: { description: "A GPU", isFallbackAdapter: false } },
        limits: { value: limits },
        features: { value: features },
        requestDevice: {
          value: (wanted: GPUDeviceDescriptor) => found.requestDevice(wanted),
        },
      });
    };
    try {
      const { device, reason } = await openDevice("auto", 2);
      device.destroy();
      assertEquals(
        reason,
        "WebGPU on A GPU (a GPU is there, for which the number of threads is without effect)",
      );
    } finally {
      Reflect.deleteProperty(gpu, "requestAdapter");
    }
  },
});

Deno.test({
  name:
    "openDevice: takes the processor where a GPU cannot be opened, and says why",
  ignore: !adapter,
  fn: async () => {
    const { requestDevice } = GPUAdapter.prototype;
    GPUAdapter.prototype.requestDevice = () =>
      Promise.reject(new DOMException("no permission", "OperationError"));
    try {
      const { device, reason } = await openDevice();
      device.destroy();
      assertEquals(device.kind, "wasm");
      assertMatch(
        reason,
        /^WebAssembly .* cannot be opened \(no permission\)\)$/,
      );
      await assertRejects(
        () => openDevice("webgpu"),
        UserError,
        "cannot be opened (no permission); install a Vulkan driver",
      );
    } finally {
      GPUAdapter.prototype.requestDevice = requestDevice;
    }
  },
});

Deno.test("openDevice: gives WebGPU in software when it is asked for, or says what to install", async () => {
  if (problem) {
    await assertRejects(
      () => openDevice("webgpu"),
      UserError,
      `${problem}; install a Vulkan driver`,
    );
    return;
  }
  const { device, reason } = await openDevice("webgpu");
  device.destroy();
  assertEquals(device.kind, "webgpu");
  assert(reason.endsWith("(asked for)"));
});
