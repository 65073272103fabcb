import type { Device } from "../../engine/devices/device.ts";
import { WasmDevice } from "../../engine/devices/wasm/device.ts";
import { WebGpuDevice } from "../../engine/devices/webgpu/device.ts";
import type { ProductSchemeName } from "../../engine/devices/webgpu/product.ts";
import { withSeed } from "../random.ts";

/** How long an answer of another test file of the same run is good for. */
const FRESH_MS = 600_000;

/**
 * Why WebGPU cannot be tested here; empty where it can. Another process finds out, once for all files
 * of a run: where several threads open and close OpenGL, Mesa corrupts the memory of the process.
 */
async function findProblem(): Promise<string> {
  const cache = `${Deno.env.get("TMPDIR") ?? "/tmp"}/dv2-adapter-${Deno.pid}`;
  try {
    const { mtime } = Deno.statSync(cache);
    if (Date.now() - mtime!.getTime() < FRESH_MS) {
      return Deno.readTextFileSync(cache);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const script = new URL("./print_adapter_problem.ts", import.meta.url);
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--quiet", "--no-check", script.href],
    stderr: "null",
  }).output();
  const problem = new TextDecoder().decode(stdout).trim();
  const unfinished = `${cache}-${crypto.randomUUID()}`;
  Deno.writeTextFileSync(unfinished, problem);
  Deno.renameSync(unfinished, cache);
  return problem;
}

const problem = await findProblem();

// continuous integration sets this, so that no test is left out there
if (problem && Deno.env.get("DV2_REQUIRE_DEVICES") === "1") {
  throw new Error(`DV2_REQUIRE_DEVICES=1, but ${problem}`);
}

/** Why WebGPU is not tested here; empty where it is. */
const skipped = problem
  ? ` (${problem}; for one in software: apt-get install mesa-vulkan-drivers)`
  : "";

const webgpu = problem ? undefined : await WebGpuDevice.request();

/** The devices of this machine, opened once for all tests of a file. */
export const devices: readonly Device[] = [
  new WasmDevice(2),
  ...(webgpu ? [webgpu] : []),
];

addEventListener("unload", () => devices.forEach((device) => device.destroy()));

/** Registers a test of what is the same on every device: how a graph is put together. */
export function testOnWasm(
  name: string,
  test: (wasm: Device) => Promise<void>,
): void {
  const title = `wasm: ${name}`;
  Deno.test(title, () => withSeed(title, () => test(devices[0])));
}

/** Registers a test for each device; that of WebGPU is skipped where there is no adapter. */
export function testOnDevices(
  name: string,
  test: (device: Device) => Promise<void>,
): void {
  for (const device of devices) {
    const title = `${device.kind}: ${name}`;
    Deno.test(title, () => withSeed(title, () => test(device)));
  }
  if (skipped) {
    Deno.test({
      name: `webgpu: ${name}${skipped}`,
      ignore: true,
      fn: () => {},
    });
  }
}

/**
 * Registers a test on a WebGPU device of its own, which the test may break; skipped where there is no
 * adapter.
 *
 * @param scheme how the device computes products; by default the one that is fast there
 */
export function testOnWebGpu(
  name: string,
  test: (device: WebGpuDevice) => Promise<void>,
  scheme?: ProductSchemeName,
): void {
  const title = `webgpu: ${name}`;
  Deno.test({
    name: `${title}${skipped}`,
    ignore: skipped !== "",
    fn: () =>
      withSeed(title, async () => {
        const device = await WebGpuDevice.request(scheme);
        if (!device) throw new Error("the WebGPU adapter is gone");
        try {
          await test(device);
        } finally {
          device.destroy();
        }
      }),
  });
}
