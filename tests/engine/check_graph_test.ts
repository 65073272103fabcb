import { assertRejects } from "@std/assert";
import type { Device } from "../../engine/devices/device.ts";
import { WasmDevice } from "../../engine/devices/wasm/device.ts";
import { input } from "../../engine/graph/tensor.ts";
import { add, equal, multiply } from "../../engine/ops/elementwise.ts";
import { sum } from "../../engine/ops/reduction.ts";
import { Draw } from "../fuzz/draw.ts";
import { seed } from "../random.ts";
import { checkGraph } from "./check_graph.ts";
import type { RandomGraph } from "./random_graph.ts";

/** A graph on a jump: the two numbers that it compares are equal in f32 alone. */
function graphOnJump(): RandomGraph {
  const x = input("x", [3]);
  const isSame = equal(add(x, 1e-9), x);
  return {
    outputs: [isSame],
    loss: sum(multiply(isSame, x)),
    variables: [x],
    feeds: { x: Float32Array.of(0.5, 0.25, 1) },
    storages: [],
    assignments: [],
  };
}

/** A device that adds `error` to the first element of everything that is read from it. */
function wrongDevice(device: Device, error: number): Device {
  return {
    kind: device.kind,
    description: device.description,
    limits: device.limits,
    async compile(plan, onKernel) {
      const executable = await device.compile(plan, onKernel);
      return {
        run: (...values) => executable.run(...values),
        exchange: (...values) => executable.exchange(...values),
        destroy: () => executable.destroy(),
        async read(buffer) {
          const values = await executable.read(buffer);
          values[0] += error;
          return values;
        },
      };
    },
    write: (...values) => device.write(...values),
    read: (storage) => device.read(storage),
    release: (storage) => device.release(storage),
    destroy: () => device.destroy(),
  };
}

Deno.test("checkGraph: a device may come out on another side of a jump than float64", async () => {
  const device = new WasmDevice(1);
  await checkGraph(device, graphOnJump(), new Draw(seed, 0));
  device.destroy();
});

Deno.test("checkGraph: on a jump, too, a wrong operation is named", async () => {
  const device = wrongDevice(new WasmDevice(1), 1e-3);
  await assertRejects(
    () => checkGraph(device, graphOnJump(), new Draw(seed, 0)),
    Error,
    "by itself output 0, binary [3]: element 0 is",
  );
  device.destroy();
});
