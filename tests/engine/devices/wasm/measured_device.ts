import { WasmDevice } from "../../../../engine/devices/wasm/device.ts";

/** A device with its memory, whose size tells what it needs. */
export interface MeasuredDevice {
  /** The device, with one thread. */
  readonly device: WasmDevice;
  /** What it computes in. */
  readonly memory: WebAssembly.Memory;
}

/** Makes a device and keeps hold of its memory. */
export function measuredDevice(): MeasuredDevice {
  const { Memory } = WebAssembly;
  const memories: WebAssembly.Memory[] = [];
  WebAssembly.Memory = class extends Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      super(descriptor);
      memories.push(this);
    }
  };
  try {
    const device = new WasmDevice(1);
    const [memory] = memories;
    return { device, memory };
  } finally {
    WebAssembly.Memory = Memory;
  }
}
