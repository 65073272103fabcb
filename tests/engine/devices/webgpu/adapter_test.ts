import { assertEquals } from "@std/assert";
import { runsOverOpenGl } from "../../../../engine/devices/webgpu/adapter.ts";

/** What WebGPU says about an adapter, as far as it matters here. */
function adapter(maxBindingsPerBindGroup: number, features: string[]) {
  const limits: Pick<GPUSupportedLimits, "maxBindingsPerBindGroup"> = {
    maxBindingsPerBindGroup,
  };
  return { limits, features: new Set(features) };
}

Deno.test("runsOverOpenGl: knows wgpu's OpenGL backend and nothing else by its limits", () => {
  assertEquals(runsOverOpenGl(adapter(2 ** 32 - 1, ["timestamp-query"])), true);
  // llvmpipe over Vulkan, a browser, and a backend with no such limit that has the format
  assertEquals(runsOverOpenGl(adapter(1024, ["bgra8unorm-storage"])), false);
  assertEquals(runsOverOpenGl(adapter(1000, [])), false);
  assertEquals(
    runsOverOpenGl(adapter(2 ** 32 - 1, ["bgra8unorm-storage"])),
    false,
  );
});
