import type { Device } from "../../engine/devices/device.ts";
import { WebGpuDevice } from "../../engine/devices/webgpu/device.ts";
import type { DeviceChoice } from "../../engine/open_device.ts";
import { UserError } from "../../engine/user_error.ts";
import { measuredDevice } from "../engine/devices/wasm/measured_device.ts";

/** A device, and the memory that it holds by its own count. */
export interface CountedDevice {
  readonly device: Device;
  /** Bytes of the WebAssembly memory, or of all GPU buffers that have not been destroyed. */
  bytes(): number;
}

/**
 * Opens a device and counts from then on.
 *
 * @throws {UserError} if it is to be WebGPU and there is no adapter.
 */
export async function openCounted(
  choice?: DeviceChoice,
): Promise<CountedDevice> {
  if (choice !== "webgpu") {
    const { device, memory } = measuredDevice();
    return { device, bytes: () => memory.buffer.byteLength };
  }
  const buffers = countBuffers();
  const device = await WebGpuDevice.request();
  if (!device) throw new UserError("no adapter found; use --device wasm");
  return { device, ...buffers };
}

/** Counts the bytes of buffers from now on. */
function countBuffers(): { bytes(): number } {
  const live = new Map<GPUBuffer, number>();
  const { createBuffer } = GPUDevice.prototype;
  GPUDevice.prototype.createBuffer = function (descriptor) {
    const buffer = createBuffer.call(this, descriptor);
    live.set(buffer, descriptor.size);
    return buffer;
  };
  const { destroy } = GPUBuffer.prototype;
  GPUBuffer.prototype.destroy = function () {
    live.delete(this);
    return destroy.call(this);
  };
  return { bytes: () => live.values().reduce((sum, size) => sum + size, 0) };
}
