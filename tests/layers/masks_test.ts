import { assert, assertEquals, assertThrows } from "@std/assert";
import { RandomSource } from "../../engine/ops/random.ts";
import { Program } from "../../engine/program.ts";
import { constant, input } from "../../engine/graph/tensor.ts";
import { drawMasks, shareMasks } from "../../layers/masks.ts";
import { testOnDevices } from "../engine/devices.ts";
import { randomWord } from "../random.ts";
import { drawMasks as naiveMasks } from "../train/models/naive_masks.ts";
import { NaiveRandom } from "./naive_random.ts";

for (const [patches, masked] of [[16, 4], [9, 1], [5, 4]]) {
  testOnDevices(
    `drawMasks: masks exactly ${masked} of ${patches} patches, where the locations say`,
    async (device) => {
      const n = 37;
      const random = new RandomSource(input("key", [2], "u32"));
      const masks = drawMasks(n, patches, masked, random);
      const program = await Program.compile(device, {
        outputs: [masks.visible, masks.locations],
      });
      const [seed, step] = [randomWord(), randomWord()];
      const [visible, locations] = await program.evaluate({
        key: Uint32Array.of(seed, step),
      });
      program.destroy();
      const numbers = new NaiveRandom(seed, step);
      const expected = naiveMasks(n, patches, masked, numbers);
      assertEquals([...visible], [...expected.visible]);
      assertEquals([...locations], [...expected.locations]);
      for (let image = 0; image < n; image++) {
        const hidden = [...locations.subarray(image * masked).slice(0, masked)]
          .sort((a, b) => a - b);
        const row = visible.slice(image * patches, (image + 1) * patches);
        const zeros = [...row.keys()].filter((patch) => row[patch] === 0);
        assertEquals(zeros.length, masked);
        assertEquals(hidden, zeros);
        assert(row.every((value) => value === 0 || value === 1));
      }
    },
  );
}

testOnDevices(
  "drawMasks: all choices are equally likely",
  async (device) => {
    const n = 1200;
    const random = new RandomSource(input("key", [2], "u32"));
    const { locations } = drawMasks(n, 4, 2, random);
    const program = await Program.compile(device, { outputs: [locations] });
    const counts = new Map<string, number>();
    const seed = randomWord();
    const steps = 3;
    for (let step = 0; step < steps; step++) {
      const [values] = await program.evaluate({
        key: new Uint32Array([seed, step]),
      });
      for (let image = 0; image < n; image++) {
        const choice = `${values[2 * image]} ${values[2 * image + 1]}`;
        counts.set(choice, (counts.get(choice) ?? 0) + 1);
      }
    }
    program.destroy();
    // two of four in random order: 12 choices
    assertEquals(counts.size, 12);
    const expected = steps * n / 12;
    const chiSquare = [...counts.values()].reduce(
      (sum, count) => sum + (count - expected) ** 2 / expected,
      0,
    );
    // with 11 degrees of freedom exceeded once in a million
    assert(chiSquare < 48, `chi-square ${chiSquare}: ${[...counts]}`);
  },
);

testOnDevices(
  "drawMasks: of equal numbers the earlier ranks first",
  async (device) => {
    class Equal extends RandomSource {
      override uniform(shape: readonly number[]) {
        return constant(0.5, shape);
      }
    }
    const random = new Equal(input("key", [2], "u32"));
    const { visible, locations } = drawMasks(2, 5, 3, random);
    const program = await Program.compile(device, {
      outputs: [visible, locations],
    });
    const results = await program.evaluate({});
    program.destroy();
    assertEquals([...results[0]], [0, 0, 0, 1, 1, 0, 0, 0, 1, 1]);
    assertEquals([...results[1]], [0, 1, 2, 0, 1, 2]);
  },
);

testOnDevices(
  "shareMasks: the views of an instance have its masks",
  async (device) => {
    const [n, patches, masked] = [3, 4, 2];
    const own = {
      visible: input("visible", [n, patches]),
      locations: input("locations", [n, masked], "i32"),
    };
    const shared = shareMasks(own, 2);
    const program = await Program.compile(device, {
      outputs: [shared.visible, shared.locations],
    });
    const visible = [[0, 1, 1, 0], [1, 0, 1, 0], [0, 0, 1, 1]];
    const locations = [[3, 0], [1, 3], [0, 1]];
    const results = await program.evaluate({
      visible: Float32Array.from(visible.flat()),
      locations: Int32Array.from(locations.flat()),
    });
    program.destroy();
    const twice = (rows: number[][]) => rows.flatMap((row) => [...row, ...row]);
    assertEquals([...results[0]], twice(visible));
    assertEquals([...results[1]], twice(locations));
  },
);

Deno.test("drawMasks: refuses to mask no patch, or more than there are", () => {
  const random = new RandomSource(input("key", [2], "u32"));
  assertEquals(drawMasks(2, 4, 4, random).locations.shape, [2, 4]);
  for (const masked of [0, 1.5]) {
    assertThrows(
      () => drawMasks(2, 4, masked, random),
      RangeError,
      "the number of masked patches",
    );
  }
  assertThrows(
    () => drawMasks(2, 4, 5, random),
    RangeError,
    "cannot mask 5 of 4 patches",
  );
});

Deno.test("shareMasks: refuses masks of other instances, and no views", () => {
  const visible = input("visible", [3, 4]);
  const locations = input("locations", [3, 2], "i32");
  assertThrows(
    () => shareMasks({ visible, locations }, 0),
    RangeError,
    "the number of views",
  );
  assertThrows(
    () => shareMasks({ visible: input("visible", [12]), locations }, 2),
    RangeError,
    "visible must be [n,patches], not [12]",
  );
  assertThrows(
    () => shareMasks({ visible: input("visible", [1, 4]), locations }, 2),
    RangeError,
    "locations must be [1,masked], not [3,2]",
  );
});
