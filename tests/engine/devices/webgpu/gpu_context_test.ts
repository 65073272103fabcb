import { assertRejects } from "@std/assert";
import { download } from "../../../../engine/devices/webgpu/transfer.ts";
import { UserError } from "../../../../engine/user_error.ts";
import { testOnWebGpu } from "../../devices.ts";
import { bareContext } from "./bare_context.ts";

testOnWebGpu(
  "GpuContext: an error of the device is reported by the next call",
  async () => {
    const { gpu, context } = await bareContext();
    const buffer = await context.allocate("values", 256);
    gpu.createShaderModule({ code: "no shader" });
    await assertRejects(
      () => download(context, buffer, 0, 256),
      UserError,
      "the GPU failed (Shader",
    );
    gpu.destroy();
  },
);
