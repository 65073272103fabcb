import type { Device } from "../../engine/devices/device.ts";
import { WasmDevice } from "../../engine/devices/wasm/device.ts";
import { WebGpuDevice } from "../../engine/devices/webgpu/device.ts";
import { withSeed } from "../random.ts";

/** Set to 1 where a missing device must fail the tests, as in continuous integration. */
const required = Deno.env.get("DV2_REQUIRE_DEVICES") === "1";

const webgpu = await WebGpuDevice.request();
if (!webgpu && required) {
  throw new Error("DV2_REQUIRE_DEVICES=1, but there is no WebGPU adapter");
}

/** The devices of this machine, opened once for all tests of a file. */
export const devices: readonly Device[] = [
  new WasmDevice(2),
  ...(webgpu ? [webgpu] : []),
];

addEventListener("unload", () => devices.forEach((device) => device.destroy()));

/** Registers a test of what is the same on every device: how a graph is put together. */
export function testOnWasm(
  name: string,
  test: (wasm: Device) => Promise<void>,
): void {
  const title = `wasm: ${name}`;
  Deno.test(title, () => withSeed(title, () => test(devices[0])));
}

/** Registers a test for each device; without a WebGPU adapter its test is reported as skipped. */
export function testOnDevices(
  name: string,
  test: (device: Device) => Promise<void>,
): void {
  for (const device of devices) {
    const title = `${device.kind}: ${name}`;
    Deno.test(title, () => withSeed(title, () => test(device)));
  }
  if (webgpu) return;
  Deno.test({
    name:
      `webgpu: ${name} (no adapter; for a software one: apt-get install mesa-vulkan-drivers)`,
    ignore: true,
    fn: () => {},
  });
}
