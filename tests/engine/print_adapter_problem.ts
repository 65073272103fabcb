/** Prints why there is no WebGPU adapter to test on; nothing where there is one. */
import { findAdapter } from "../../engine/devices/webgpu/adapter.ts";

const { problem = "" } = await findAdapter();
console.log(problem);
