import { findAdapter } from "../../../../engine/devices/webgpu/adapter.ts";
import { GpuContext } from "../../../../engine/devices/webgpu/gpu_context.ts";

/** A GPU with default limits and a context on it, without a device around them. */
export async function bareContext(): Promise<
  { gpu: GPUDevice; context: GpuContext }
> {
  const { adapter, problem } = await findAdapter();
  if (!adapter) throw new Error(problem);
  const gpu = await adapter.requestDevice();
  return { gpu, context: new GpuContext(gpu, "tiled") };
}
