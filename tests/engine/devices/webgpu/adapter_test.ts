import { assertEquals } from "@std/assert";
import {
  nameOf,
  runsOverOpenGl,
} from "../../../../engine/devices/webgpu/adapter.ts";

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

Deno.test("nameOf: is the best that the platform tells", () => {
  const told = {
    vendor: "nvidia",
    architecture: "",
    device: "",
    description: "",
    isFallbackAdapter: false,
    subgroupMinSize: 32,
    subgroupMaxSize: 32,
  };
  assertEquals(nameOf(told), "nvidia");
  assertEquals(nameOf({ ...told, architecture: "ampere" }), "nvidia ampere");
  assertEquals(nameOf({ ...told, device: "0x2684" }), "0x2684");
  const full = { ...told, device: "0x2684", description: "RTX 4090" };
  assertEquals(nameOf(full), "RTX 4090");
  assertEquals(
    nameOf({ ...full, isFallbackAdapter: true }),
    "RTX 4090 (software)",
  );
  assertEquals(nameOf({ ...told, vendor: "" }), "unnamed adapter");
});
