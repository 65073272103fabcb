/** What a browser loads to try shaders. */
import { WebGpuDevice } from "../../../engine/devices/webgpu/device.ts";
import type { ProductSchemeName } from "../../../engine/devices/webgpu/product.ts";
import { buildModel } from "../../../train/build_model.ts";
import type { Config } from "../../../train/config/config.ts";
import { TrainingStep } from "../../../train/training_step.ts";

/** A shader that does nothing. */
const NOTHING = "@compute @workgroup_size(1) fn main() {}";

/**
 * Has the browser read all shaders of a training step. That they are not translated further, which in
 * software takes a minute, leaves out their results.
 *
 * @returns the number of shaders
 * @throws {Error} if the browser rejects one
 */
export async function readShaders(
  config: Config,
  imageSize: number,
  scheme: ProductSchemeName,
): Promise<number> {
  const adapter = await navigator.gpu.requestAdapter();
  const gpu = await adapter!.requestDevice();
  const module = gpu.createShaderModule({ code: NOTHING });
  const nothing = gpu.createComputePipeline({
    layout: "auto",
    compute: { module },
  });
  let count = 0;
  GPUDevice.prototype.createComputePipeline = () => {
    count++;
    return nothing;
  };
  const device = await WebGpuDevice.request(scheme);
  const model = buildModel(config, imageSize);
  await TrainingStep.compile(device!, { config, imageSize, ...model });
  device!.destroy();
  return count;
}
