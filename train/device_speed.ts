import type { Device } from "../engine/devices/device.ts";
import { matmul } from "../engine/ops/matmul.ts";
import { add, multiply, relu } from "../engine/ops/elementwise.ts";
import { Program } from "../engine/program.ts";
import { Storage, type Tensor } from "../engine/graph/tensor.ts";

/** How long one measurement takes, at most. */
const MAX_MEASURING_SECONDS = 0.3;

/** How fast a device is. */
export interface DeviceSpeed {
  /** Multiplications and additions of matrix products in a second. */
  readonly products: number;
  /** Elements that a simple map goes through in a second. */
  readonly elements: number;
}

/** Measures a device, for less than a second. */
export async function measureSpeed(device: Device): Promise<DeviceSpeed> {
  const [m, n] = [512, 1024];
  const a = new Storage("a", m * n);
  const b = new Storage("b", n * m);
  const x = new Storage("x", 2 ** 21);
  const product = matmul(a.tensor([m, n]), b.tensor([n, m]));
  const map = relu(add(multiply(x.tensor(), 2), 1));
  const speed = {
    products: 2 * m * m * n / await secondsOf(device, product),
    elements: x.size / await secondsOf(device, map),
  };
  [a, b, x].forEach((storage) => device.release(storage));
  return speed;
}

/** Time of computing a tensor, without the time until the result is known. */
async function secondsOf(device: Device, output: Tensor): Promise<number> {
  const program = await Program.compile(device, { outputs: [output] });
  const run = async (times: number) => {
    const start = performance.now();
    for (let i = 0; i < times; i++) await program.run();
    await program.read();
    return (performance.now() - start) / 1000;
  };
  await run(1);
  const once = await run(1);
  const times = Math.ceil(Math.min(20, MAX_MEASURING_SECONDS / once));
  const more = await run(1 + times);
  program.destroy();
  return Math.max(more - once, 1e-6) / times;
}
