/**
 * Static graphs of tensors, their gradients, and programs that run them on WebGPU or WebAssembly.
 * Operations are in `@dv2/dv2/ops`.
 *
 * A graph is traced once and replayed with new inputs. A linear model, trained by hand:
 *
 * ```ts
 * import { gradient, input, openDevice, Program, Storage } from "@dv2/dv2/engine";
 * import * as ops from "@dv2/dv2/ops";
 *
 * const weights = new Storage("weights", 2);
 * const w = weights.tensor([2, 1]);
 * const x = input("x", [4, 2]);
 * const y = input("y", [4, 1]);
 * const loss = ops.mean(ops.square(ops.subtract(ops.matmul(x, w), y)));
 * const [slope] = gradient(loss, [w]);
 *
 * const { device } = await openDevice("wasm");
 * const step = await Program.compile(device, {
 *   outputs: [loss],
 *   assignments: [{ storage: weights, value: ops.subtract(w, ops.multiply(slope, 0.1)) }],
 * });
 * const feeds = {
 *   x: new Float32Array([1, 0, 0, 1, 1, 1, 1, -1]),
 *   y: new Float32Array([2, -1, 1, 3]),
 * };
 * for (let i = 0; i < 100; i++) await step.run(feeds);
 * console.log(await step.read()); // the loss, close to 0
 * console.log(await device.read(weights)); // close to 2 and -1
 * device.destroy();
 * ```
 *
 * @module
 */
export {
  constant,
  type DType,
  input,
  type Shape,
  Storage,
  Tensor,
} from "./graph/tensor.ts";
export { alone, type Communicator } from "./communicator.ts";
export { gradient } from "./graph/gradient.ts";
export { type Feeds, Program, type ProgramDefinition } from "./program.ts";
export type { Assignment } from "./compile/schedule.ts";
export {
  type DeviceChoice,
  openDevice,
  type OpenedDevice,
} from "./open_device.ts";
export type {
  CompileListener,
  Device,
  DeviceLimits,
  HostArray,
} from "./devices/device.ts";
export { UserError } from "./user_error.ts";
