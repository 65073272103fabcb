import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import type { Device } from "../../engine/devices/device.ts";
import { input } from "../../engine/graph/tensor.ts";
import { Program } from "../../engine/program.ts";
import { selfie, selfieLoss } from "../../losses/selfie.ts";
import { testOnDevices } from "../engine/devices.ts";
import { checkLosses } from "./check.ts";
import { naiveSelfieLoss } from "./naive_selfie.ts";

testOnDevices(
  "selfieLoss: is Eq. 9, and so is its gradient",
  (device) =>
    checkLosses(
      device,
      [[1, 1, 3], [1, 4, 7], [5, 3, 1], [6, 4, 9]].map((
        [n, masked, width],
      ) => ({
        what: `${n} images with ${masked} masked patches`,
        shapes: [[n, masked, width], [n, masked, width]],
        loss: (queries, candidates) => selfieLoss({ queries, candidates }),
        naive: (queries, candidates) =>
          naiveSelfieLoss(queries, candidates, masked),
      })),
    ),
);

/** Loss and retrieval of one image with three masked patches. */
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
  "selfieLoss: products that the exponential cannot hold have a finite loss",
  async (device) => {
    const axes = [1, 0, 0, 0, 1, 0, 0, 0, 1].map((value) => 1000 * value);
    const [none, all] = await evaluate(device, axes, axes);
    assertAlmostEquals(none, 0);
    assertEquals(all, 1);
    // each query points to the next patch
    const moved = [...axes.slice(3), ...axes.slice(0, 3)];
    const [loss, retrieval] = await evaluate(device, moved, axes);
    assertAlmostEquals(loss / (1e6 / Math.sqrt(3)), 1, 1e-6);
    assertEquals(retrieval, 0);
  },
);

testOnDevices(
  "selfieLoss: queries of zeros cost the logarithm of the number of masked patches and retrieve nothing",
  async (device) => {
    const candidates = [1, 2, 3, 4, 5, 6];
    const [loss, retrieval] = await evaluate(
      device,
      new Array(6).fill(0),
      candidates,
    );
    assertAlmostEquals(loss, Math.log(3), 1e-6);
    assertEquals(retrieval, 0);
  },
);

Deno.test("selfieLoss: refuses candidates that are not one for each query", () => {
  assertThrows(
    () =>
      selfieLoss({
        queries: input("queries", [2, 3, 4]),
        candidates: input("candidates", [1, 3, 4]),
      }),
    RangeError,
    "candidates must be [2,3,4], not [1,3,4]",
  );
});

Deno.test("selfie.retrieval: says among how many a patch has to be found, and how often it is by chance", () => {
  const step = { images: 8, views: 1 };
  const masks = { patches: 16, masked: 4, isShared: false };
  const options = selfie.schema.parse({});
  assertEquals(selfie.retrieval!(options, { ...step, masks }), {
    sentence: "of masked patches were found among the 4 of their image",
    chance: 1 / 4,
  });
  assertEquals(selfie.retrieval!(options, step), undefined);
});
