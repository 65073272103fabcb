import type { Device } from "./devices/device.ts";
import { WasmDevice } from "./devices/wasm/device.ts";
import { findAdapter } from "./devices/webgpu/adapter.ts";
import { WebGpuDevice } from "./devices/webgpu/device.ts";
import { UserError } from "./user_error.ts";

/** Which device to use; `auto` takes a GPU, never a software adapter, else the processor. */
export type DeviceChoice = "auto" | "webgpu" | "wasm";

/** An open device and why it is this one. */
export interface OpenedDevice {
  /** The device; destroy it when done, or its threads keep the program alive. */
  readonly device: Device;
  /** One line to print. */
  readonly reason: string;
}

/**
 * Opens a device.
 *
 * @param threads Number of threads of the wasm device, at least 1; by default one for each processor.
 * @throws {UserError} if WebGPU is asked for and there is no adapter, or one over OpenGL.
 */
export async function openDevice(
  choice: DeviceChoice = "auto",
  threads?: number,
): Promise<OpenedDevice> {
  if (choice === "wasm") {
    const device = new WasmDevice(threads);
    return { device, reason: `${device.description} (asked for)` };
  }
  const { gpu, problem } = await openGpu();
  if (gpu && choice === "webgpu") {
    return { device: gpu, reason: `${gpu.description} (asked for)` };
  }
  if (gpu && !gpu.software) {
    const why = threads === undefined
      ? "a GPU is there"
      : "a GPU is there, for which the number of threads is without effect";
    return { device: gpu, reason: `${gpu.description} (${why})` };
  }
  gpu?.destroy();
  if (choice === "webgpu") {
    throw new UserError(
      `${problem}; install a Vulkan driver (in software: apt-get install ` +
        "mesa-vulkan-drivers) or use --device wasm",
    );
  }
  const device = new WasmDevice(threads);
  return { device, reason: `${device.description} (${problem})` };
}

/** Opens a GPU, or else a software driver; `problem` says why it is not a GPU. */
async function openGpu(): Promise<{ gpu?: WebGpuDevice; problem: string }> {
  try {
    const gpu = await WebGpuDevice.request();
    const { problem = "no GPU found" } = gpu ? {} : await findAdapter();
    return { gpu, problem };
  } catch (error) {
    if (error instanceof UserError) return { problem: error.message };
    throw error;
  }
}
