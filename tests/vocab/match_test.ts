import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Device } from "../../engine/devices/device.ts";
import { Program } from "../../engine/program.ts";
import { input } from "../../engine/graph/tensor.ts";
import { type Match, matchEntries } from "../../vocab/match.ts";
import { poison } from "../engine/compare.ts";
import { testOnDevices } from "../engine/devices.ts";
import { dot, rowsOf, unitRows } from "../losses/check.ts";
import { randomArray } from "../random.ts";
import { naiveMatch, type NaiveVocabulary } from "./naive.ts";

const MATCHES: readonly Match[] = ["massAware", "cosine"];

/** The entry that matches each target, on a device. */
async function matchOn(
  device: Device,
  vectors: Float32Array<ArrayBuffer>,
  masses: Float32Array<ArrayBuffer>,
  targets: Float32Array<ArrayBuffer>,
  match: Match,
): Promise<number[]> {
  const width = vectors.length / masses.length;
  await poison(device);
  const program = await Program.compile(device, {
    outputs: [
      matchEntries(
        input("vectors", [masses.length, width]),
        input("masses", [masses.length]),
        input("targets", [targets.length / width, width]),
        match,
      ),
    ],
  });
  const [entries] = await program.evaluate({ vectors, masses, targets });
  program.destroy();
  return [...entries];
}

/** Error of a cosine in float32. */
const COSINE_ERROR = 5e-7;

/** Whether an entry would be as good as the best one, if their cosines were off by rounding. */
function mayMatch(
  { vectors, masses }: NaiveVocabulary,
  entry: number,
  best: number,
  u: ArrayLike<number>,
  match: Match,
): boolean {
  // from -1 to 1, and for Eq. 17 the angle, since the cosine is nearly 1 where m is small
  const scoreOf = (i: number, error: number) => {
    const c = Math.min(Math.max(dot(vectors[i], u) + error, -1), 1);
    return match === "cosine" ? c : -Math.atan2(
      masses[i] * Math.sqrt(1 - c * c),
      1 + masses[i] * c,
    );
  };
  const scoresOf = (i: number) =>
    [-COSINE_ERROR, 0, COSINE_ERROR].map((error) => scoreOf(i, error));
  const needed = Math.min(...scoresOf(best));
  return Math.max(...scoresOf(entry)) >= needed - 1e-6 * Math.abs(needed);
}

// less than a block of entries, one block, several and a rest
for (
  const [entries, n, width, lightest] of [
    [1, 1, 3, 0.05],
    [13, 8, 7, 0.05],
    [512, 5, 9, 0.05],
    [1100, 17, 5, 0.05],
    // as after many steps without a match
    [1100, 17, 64, 1e-4],
  ]
) {
  for (const match of MATCHES) {
    testOnDevices(
      `matchEntries: ${n} targets match the ones of ${entries} entries of mass ${lightest} or more that Eq. 17 says, ${match}`,
      async (device) => {
        const vectors = unitRows([entries, width]);
        const masses = randomArray(entries, lightest, 60 * lightest);
        const targets = unitRows([n, width]);
        const actual = await matchOn(device, vectors, masses, targets, match);
        const vocabulary = {
          vectors: rowsOf(vectors, width),
          masses: [...masses],
        };
        rowsOf(targets, width).forEach((u, j) => {
          const expected = naiveMatch(vocabulary, u, match);
          assert(
            mayMatch(vocabulary, actual[j], expected, u, match),
            `target ${j} matches ${actual[j]}, not ${expected}`,
          );
        });
      },
    );
  }
}

testOnDevices(
  "matchEntries: the first among equal entries matches",
  async (device) => {
    const [entries, width] = [1100, 3];
    for (const match of MATCHES) {
      // along the first axis, but for a few along the second one
      const along = [7, 9, 600, 1099];
      const vectors = Float32Array.from({ length: entries * width }, (_, i) => {
        const entry = Math.floor(i / width);
        return i % width === (along.includes(entry) ? 1 : 0) ? 1 : 0;
      });
      const masses = new Float32Array(entries).fill(1);
      const targets = Float32Array.of(0, 1, 0, 1, 0, 0);
      const find = () => matchOn(device, vectors, masses, targets, match);
      assertEquals(await find(), [7, 0]);
      // now those of the first block are others
      vectors.copyWithin(7 * width, 0, width);
      vectors.copyWithin(9 * width, 0, width);
      assertEquals(await find(), [600, 0]);
    }
  },
);

testOnDevices(
  "matchEntries: a light entry matches rather than a heavy one that is closer",
  async (device) => {
    const vectors = Float32Array.of(1, 0, 0, 1);
    // cosines .8 and .6
    const targets = Float32Array.of(0.8, 0.6);
    const find = (masses: number[], match: Match) =>
      matchOn(device, vectors, Float32Array.from(masses), targets, match);
    assertEquals(await find([1, 1], "massAware"), [0]);
    assertEquals(await find([4, 0.5], "massAware"), [1]);
    assertEquals(await find([4, 0.5], "cosine"), [0]);
  },
);

testOnDevices(
  "matchEntries: heavy entries on the far side are ordered too, and come after all others",
  async (device) => {
    const target = Float32Array.of(1, 0);
    // at these angles from the target
    const find = (angles: number[], masses: number[]) =>
      matchOn(
        device,
        Float32Array.from(
          angles.flatMap((angle) => [Math.cos(angle), Math.sin(angle)]),
        ),
        Float32Array.from(masses),
        target,
        "massAware",
      );
    // m v + u is at 180, 143, 113 and 158 degrees
    const angles = [Math.PI, 2.6, 2.2, 2.8];
    assertEquals(await find(angles, [2, 6, 4, 9]), [2]);
    // and here one at 84 degrees
    assertEquals(await find([Math.PI, 1.48], [2, 100]), [1]);
  },
);

Deno.test("matchEntries: refuses masses and targets that do not fit the entries", () => {
  const match = (masses: number[], targets: number[]) => () =>
    matchEntries(
      input("vectors", [6, 5]),
      input("masses", masses),
      input("targets", targets),
      "massAware",
    );
  assertThrows(match([7], [2, 5]), RangeError, "masses must be [6], not [7]");
  assertThrows(
    match([6], [2, 4]),
    RangeError,
    "targets must be [n,5], not [2,4]",
  );
});
