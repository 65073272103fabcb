/** A usable adapter, or what the problem is. */
export type AdapterChoice =
  | { readonly adapter: GPUAdapter; readonly problem?: undefined }
  | { readonly adapter?: undefined; readonly problem: string };

/** Finds the fastest GPU or, where there is none, a software driver. */
export async function findAdapter(): Promise<AdapterChoice> {
  const adapter = await globalThis.navigator.gpu?.requestAdapter({
    powerPreference: "high-performance",
  });
  if (!adapter) return { problem: "no GPU found" };
  if (runsOverOpenGl(adapter)) {
    const name = nameOf(adapter.info);
    return { problem: `WebGPU over OpenGL on ${name} is not supported` };
  }
  return { adapter };
}

/** A readable name of an adapter. */
export function nameOf(
  { description, device, vendor, architecture, isFallbackAdapter }:
    GPUAdapterInfo,
): string {
  // browsers hide the first two
  const name = description || device || `${vendor} ${architecture}`.trim() ||
    "unnamed adapter";
  return `${name}${isFallbackAdapter ? " (software)" : ""}`;
}

/**
 * Whether WebGPU is translated to OpenGL, as in Deno where there is no Vulkan driver but Mesa's OpenGL.
 * WebGPU does not say so; wgpu's OpenGL backend is known by a limit that it leaves open and by the lack
 * of a texture format that Vulkan, Metal and Direct3D all have.
 *
 * Such adapters are refused: on llvmpipe the kernels' tests take 119 s over OpenGL and 14 s over Vulkan
 * (a workgroup barrier costs milliseconds), and GLSL compilers treat NaN in their own way: a NaN
 * is not 0 for `select` there and is 0 over Vulkan.
 */
export function runsOverOpenGl(
  { limits, features }: {
    readonly limits: Pick<GPUSupportedLimits, "maxBindingsPerBindGroup">;
    readonly features: ReadonlySet<string>;
  },
): boolean {
  return limits.maxBindingsPerBindGroup === 2 ** 32 - 1 &&
    !features.has("bgra8unorm-storage");
}
