import { assertEquals, assertThrows } from "@std/assert";
import { Program } from "../../engine/program.ts";
import { input } from "../../engine/graph/tensor.ts";
import { splitPatches } from "../../layers/patches.ts";
import { randomArray } from "../random.ts";
import { testOnDevices } from "../engine/devices.ts";
import { splitPatches as naiveSplit } from "./naive_networks.ts";

testOnDevices("splitPatches: cuts patches row by row", async (device) => {
  const images = input("images", [2, 6, 9, 5]);
  const program = await Program.compile(device, {
    outputs: [splitPatches(images, 3)],
  });
  const values = randomArray(images.size);
  const [patches] = await program.evaluate({ images: values });
  program.destroy();
  const naive = naiveSplit({
    n: 2,
    height: 6,
    width: 9,
    channels: 5,
    data: Float64Array.from(values),
  }, 3);
  assertEquals(Array.from(patches), Array.from(naive.data));
});

Deno.test("splitPatches: refuses a grid that does not divide the images, and what are no images", () => {
  assertThrows(
    () => splitPatches(input("images", [1, 8, 9, 3]), 4),
    RangeError,
    "8x9",
  );
  for (const grid of [0, -2, 0.5]) {
    assertThrows(
      () => splitPatches(input("images", [1, 8, 8, 3]), grid),
      RangeError,
      `the grid of patches must be a whole number of at least 1, not ${grid}`,
    );
  }
  assertThrows(
    () => splitPatches(input("images", [8, 8, 3]), 2),
    RangeError,
    "images must be [n,height,width,channels], not [8,8,3]",
  );
});
