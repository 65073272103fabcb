import { assertAlmostEquals, assertEquals } from "@std/assert";
import type { Device } from "../../engine/devices/device.ts";
import { Program } from "../../engine/program.ts";
import { input } from "../../engine/graph/tensor.ts";
import { compute, selfieLoss } from "../../losses/selfie.ts";
import { testOnDevices } from "../engine/devices.ts";
import { checkLoss } from "./check.ts";
import { naiveSelfieLoss } from "./naive_selfie.ts";

for (const [n, masked, width] of [[1, 1, 3], [1, 4, 7], [5, 3, 1], [6, 4, 9]]) {
  testOnDevices(
    `the loss of Selfie of ${n} images with ${masked} masked patches is Eq. 9, and so is its gradient`,
    (device) =>
      checkLoss(device, {
        shapes: [[n, masked, width], [n, masked, width]],
        loss: (queries, candidates) => selfieLoss({ queries, candidates }),
        naive: (queries, candidates) =>
          naiveSelfieLoss(queries, candidates, masked),
      }),
  );
}

/** Loss and retrieval for one image of three masked patches. */
async function evaluate(
  device: Device,
  queries: number[],
  candidates: number[],
): Promise<[number, number]> {
  const shape = [1, 3, queries.length / 3];
  const { loss, metrics } = selfieLoss({
    queries: input("queries", shape),
    candidates: input("candidates", shape),
  });
  const program = await Program.compile(device, {
    outputs: [loss, metrics.retrieval],
  });
  const [[value], [retrieval]] = await program.evaluate({
    queries: Float32Array.from(queries),
    candidates: Float32Array.from(candidates),
  });
  program.destroy();
  return [value, retrieval];
}

testOnDevices(
  "products that the exponential cannot hold give a finite loss",
  async (device) => {
    const axes = [1, 0, 0, 0, 1, 0, 0, 0, 1].map((value) => 1000 * value);
    const [none, all] = await evaluate(device, axes, axes);
    assertAlmostEquals(none, 0);
    assertEquals(all, 1);
    // each query finds the next patch
    const moved = [...axes.slice(3), ...axes.slice(0, 3)];
    const [loss, retrieval] = await evaluate(device, moved, axes);
    assertAlmostEquals(loss / (1e6 / Math.sqrt(3)), 1, 1e-6);
    assertEquals(retrieval, 0);
  },
);

testOnDevices(
  "queries that ask nothing cost the logarithm of the number of masked patches",
  async (device) => {
    const candidates = [1, 2, 3, 4, 5, 6];
    const [loss] = await evaluate(device, new Array(6).fill(0), candidates);
    assertAlmostEquals(loss, Math.log(3), 1e-6);
  },
);

Deno.test("a model that is not Selfie has no loss of Selfie", () => {
  assertEquals(compute({}, { weight: 1 }), undefined);
});
