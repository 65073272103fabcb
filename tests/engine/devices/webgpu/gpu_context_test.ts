import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import v8 from "node:v8";
import vm from "node:vm";
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

testOnWebGpu(
  "GpuContext.pipeline: equal shaders share one, which can be collected when no program uses it",
  async () => {
    const { gpu, context } = await bareContext();
    const compile = () =>
      context.pipeline(
        "nothing",
        "@compute @workgroup_size(1) fn main() {}",
        0,
      );
    const compileTwice = async () => {
      const [first, second] = await Promise.all([compile(), compile()]);
      assertStrictEquals(first, second);
      assertStrictEquals(await compile(), first);
      return new WeakRef(first);
    };
    const pipeline = await compileTwice();
    // a reference that was looked at stays until the next turn of the event loop
    await new Promise((resolve) => setTimeout(resolve));
    v8.setFlagsFromString("--expose-gc");
    vm.runInNewContext("gc")();
    assertEquals(pipeline.deref(), undefined);
    gpu.destroy();
  },
);

testOnWebGpu(
  "GpuContext.pipeline: a kernel that any part of the compiler rejects is named, and not kept",
  async () => {
    const { gpu, context } = await bareContext();
    const compile = (code: string) => context.pipeline("product 3", code, 0);
    await assertRejects(
      () => compile("no shader"),
      Error,
      "the kernel of product 3 does not compile",
    );
    const scopes: GPUErrorFilter[] = [];
    const { pushErrorScope, popErrorScope } = gpu;
    gpu.pushErrorScope = (scope) => {
      scopes.push(scope);
      pushErrorScope.call(gpu, scope);
    };
    for (const rejecting of ["internal", "out-of-memory"]) {
      gpu.popErrorScope = async () => {
        const scope = scopes.pop();
        const error = await popErrorScope.call(gpu);
        return scope === rejecting ? { message: rejecting } : error;
      };
      await assertRejects(
        () => compile("@compute @workgroup_size(1) fn main() {}"),
        Error,
        `the kernel of product 3 does not compile: ${rejecting}`,
      );
    }
    gpu.destroy();
  },
);

testOnWebGpu(
  "GpuContext.map: a GPU that was lost is reported, also by what follows",
  async () => {
    const { gpu, context } = await bareContext();
    const buffer = await context.allocate("values", 256);
    gpu.destroy();
    for (let call = 0; call < 2; call++) {
      await assertRejects(
        () => download(context, buffer, 0, 256),
        UserError,
        "the GPU failed (",
      );
    }
  },
);
