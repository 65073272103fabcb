import { assertEquals, assertThrows } from "@std/assert";
import { Program } from "../../engine/program.ts";
import { input } from "../../engine/graph/tensor.ts";
import { rowsAt } from "../../layers/rows_at.ts";
import { randomArray } from "../random.ts";
import { testOnDevices } from "../engine/devices.ts";

testOnDevices(
  "rowsAt: takes rows of each image at its own locations, in their order",
  async (device) => {
    const [n, tokens, width] = [3, 4, 5];
    const x = input("x", [n, tokens, width]);
    const locations = [[2, 0], [3, 1], [0, 3]];
    const program = await Program.compile(device, {
      outputs: [rowsAt(x, input("locations", [n, 2], "i32"))],
    });
    const values = randomArray(x.size);
    const [rows] = await program.evaluate({
      x: values,
      locations: Int32Array.from(locations.flat()),
    });
    program.destroy();
    const expected = locations.flatMap((places, image) =>
      places.flatMap((place) => {
        const start = (image * tokens + place) * width;
        return [...values.subarray(start, start + width)];
      })
    );
    assertEquals([...rows], expected);
  },
);

Deno.test("rowsAt: refuses locations that are not those of each image", () => {
  const x = input("x", [3, 4, 5]);
  for (const shape of [[1, 2], [3], [3, 2, 1]]) {
    assertThrows(
      () => rowsAt(x, input("locations", shape, "i32")),
      RangeError,
      `must be [3,count], not [${shape}]`,
    );
  }
  assertThrows(
    () => rowsAt(input("x", [3, 20]), input("locations", [3, 2], "i32")),
    RangeError,
    "must be [n,tokens,width], not [3,20]",
  );
});
