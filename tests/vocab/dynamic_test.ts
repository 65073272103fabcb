import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import type { Device } from "../../engine/devices/device.ts";
import { gradient } from "../../engine/graph/gradient.ts";
import { add, multiply } from "../../engine/ops/elementwise.ts";
import { sum } from "../../engine/ops/reduction.ts";
import { Program } from "../../engine/program.ts";
import { input } from "../../engine/graph/tensor.ts";
import { Context } from "../../layers/context.ts";
import { randomDirections } from "../../vocab/directions.ts";
import {
  DynamicVocabulary,
  type DynamicVocabularyOptions,
} from "../../vocab/dynamic.ts";
import { assertClose, poison } from "../engine/compare.ts";
import { devices, testOnDevices } from "../engine/devices.ts";
import { rowsOf, unitRows } from "../losses/check.ts";
import { distinctTargets, naiveUpdate, type NaiveVocabulary } from "./naive.ts";
import { testWithSeed } from "../random.ts";

/** A vocabulary on a device, and the program of a step. */
class Run {
  private constructor(
    private readonly device: Device,
    private readonly vocabulary: DynamicVocabulary,
    private readonly program: Program,
    private readonly names: readonly string[],
  ) {}

  static async start(
    device: Device,
    options: Omit<DynamicVocabularyOptions, "name">,
    n: number,
    width: number,
  ): Promise<Run> {
    const vocabulary = new DynamicVocabulary(options, width, 5, "test");
    const context = new Context();
    const targets = input("targets", [n, width]);
    const u = add(multiply(targets, 1), 0);
    const entries = vocabulary.update(u, context);
    const metrics = vocabulary.metrics(context);
    await poison(device);
    const program = await Program.compile(device, {
      outputs: [
        ...Object.values(metrics),
        entries,
        ...gradient(sum(entries), [targets]),
      ],
      assignments: context.assignments,
    });
    return new Run(device, vocabulary, program, Object.keys(metrics));
  }

  /** Replaces the entries, `[entries, width]`; the masses stay. */
  async place(vectors: Float32Array<ArrayBuffer>): Promise<void> {
    await this.device.write(this.vocabulary.vectors.storage, vectors);
  }

  step(targets: Float32Array<ArrayBuffer>): Promise<void> {
    return this.program.run({ targets });
  }

  /** What the last step gave. */
  async outputs() {
    const values = await this.program.read();
    const [entries, slope] = values.slice(this.names.length);
    const metrics = Object.fromEntries(
      this.names.map((name, i) => [name, values[i][0]]),
    );
    return { metrics, entries, slope };
  }

  /** The entries and masses that the device keeps. */
  async state() {
    const { vectors, masses } = this.vocabulary;
    return {
      vectors: await this.device.read(vectors.storage),
      masses: await this.device.read(masses.storage),
    };
  }

  end(): void {
    this.program.destroy();
    this.device.release(this.vocabulary.vectors.storage);
    this.device.release(this.vocabulary.masses.storage);
  }
}

/** The metrics of a vocabulary, each as it is defined. */
function naiveMetrics({ masses }: NaiveVocabulary): Record<string, number> {
  const total = masses.reduce((sum, mass) => sum + mass, 0);
  let [entropy, inUse] = [0, 0];
  for (const mass of masses) {
    entropy -= mass / total * Math.log(mass / total);
    if (mass > 0.5) inUse += 1 / masses.length;
  }
  const sorted = masses.toSorted((a, b) => a - b);
  const quantile = (share: number) =>
    sorted[Math.ceil(share * sorted.length - 1e-6) - 1];
  return {
    inUse,
    perplexity: Math.exp(entropy),
    largestShare: Math.max(...masses) / total,
    meanMass: total / masses.length,
    massQuantile10: quantile(0.1),
    massQuantile50: quantile(0.5),
    massQuantile90: quantile(0.9),
  };
}

// less than a block of entries, with several targets for an entry; and several blocks
for (
  const { entries, n, width, decay } of [
    { entries: 6, n: 17, width: 3, decay: 0.9 },
    { entries: 1100, n: 9, width: 7, decay: 0.99 },
  ]
) {
  for (const match of ["massAware", "cosine"] as const) {
    testOnDevices(
      `DynamicVocabulary: updates of ${entries} entries with ${n} targets are Eqs. 17-19, ${match}`,
      async (device) => {
        const run = await Run.start(
          device,
          { entries, decay, match },
          n,
          width,
        );
        const start = await run.state();
        let naive: NaiveVocabulary = {
          vectors: rowsOf(start.vectors, width),
          masses: [...start.masses],
        };
        for (let step = 0; step < 4; step++) {
          const targets = distinctTargets(naive, n, width, match);
          await run.step(targets);
          naive = naiveUpdate(naive, rowsOf(targets, width), decay, match);
          const state = await run.state();
          const vectors = naive.vectors.flatMap((row) => Array.from(row));
          assertClose(state.vectors, vectors, `vectors of step ${step}`, 1e-5);
          assertClose(
            state.masses,
            naive.masses,
            `masses of step ${step}`,
            1e-6,
          );
          const { metrics, entries: after, slope } = await run.outputs();
          assertEquals(after, state.vectors);
          assertEquals(slope, new Float32Array(n * width));
          const expected = naiveMetrics(naive);
          assertEquals(
            Object.keys(metrics).toSorted(),
            Object.keys(expected).toSorted(),
          );
          for (const [name, value] of Object.entries(expected)) {
            // the error of a float32 sum of a thousand nearly equal masses
            assertClose([metrics[name]], [value], name, 2e-4);
          }
        }
        run.end();
      },
    );
  }
}

Deno.test("DynamicVocabulary: entries start with mass 1", () => {
  const { vectors, masses } = new DynamicVocabulary(
    { entries: 50, decay: 0.99, match: "massAware" },
    128,
    1,
    "test",
  );
  assertEquals(vectors.shape, [50, 128]);
  assertEquals(vectors.initial, randomDirections(50, 128, 1));
  assertEquals(masses.initial, new Float32Array(50).fill(1));
});

testOnDevices(
  "DynamicVocabulary: an entry that nothing matches halves its mass in 69 steps and keeps its direction exactly",
  async (device) => {
    const [width, decay] = [3, 0.99];
    // the targets are equal to the first entry, which therefore is the closest whatever the masses
    const [first, second] = rowsOf(unitRows([2, width]), width);
    const vectors = Float32Array.from([...first, ...second]);
    const targets = Float32Array.from([...first, ...first]);
    for (const match of ["massAware", "cosine"] as const) {
      const run = await Run.start(
        device,
        { entries: 2, decay, match },
        2,
        width,
      );
      await run.place(vectors);
      for (let step = 0; step < 69; step++) await run.step(targets);
      const state = await run.state();
      assertEquals(state.vectors.slice(width), vectors.slice(width));
      assertAlmostEquals(state.masses[1], 0.5, 0.001);
      assertAlmostEquals(state.masses[1], decay ** 69, 1e-5);
      run.end();
    }
  },
);

testOnDevices(
  "DynamicVocabulary: the mean mass tends to n λ / ((1 - λ) S)",
  async (device) => {
    const [entries, n, width, decay] = [20, 7, 5, 0.9];
    const options = { entries, decay, match: "massAware" } as const;
    const run = await Run.start(device, options, n, width);
    for (let step = 0; step < 120; step++) {
      await run.step(unitRows([n, width]));
    }
    const { metrics } = await run.outputs();
    const expected = n * decay / ((1 - decay) * entries);
    assertAlmostEquals(metrics.meanMass, expected, 1e-4);
    run.end();
  },
);

/**
 * Targets around `clusters` centres, those of the first centre the most frequent and those of the
 * i-th as frequent as 1 / i.
 */
function zipfTargets(
  centres: readonly number[][],
  n: number,
  step: number,
): Float32Array<ArrayBuffer> {
  const width = centres[0].length;
  const total = centres.reduce((sum, _, i) => sum + 1 / (i + 1), 0);
  const rows = rowsOf(unitRows([n, width], 100 + step), width);
  return Float32Array.from(rows.flatMap((noise, j) => {
    // evenly spread in 0..total: multiples of the golden ratio
    let rest = ((step * n + j) * 0.6180339887498949) % 1 * total;
    let cluster = 0;
    while (cluster < centres.length - 1 && rest >= 1 / (cluster + 1)) {
      rest -= 1 / ++cluster;
    }
    const row = noise.map((value, i) => centres[cluster][i] + 0.1 * value);
    return row.map((value) => value / Math.hypot(...row));
  }));
}

// the same experiment every time: how many entries the cosine uses varies by a few with the draw
testWithSeed(
  "DynamicVocabulary: on 40 Zipf clusters nearly all of 1024 entries get used, by the cosine alone about 41",
  async () => {
    const [entries, n, width] = [1024, 64, 16];
    const [wasm] = devices;
    const centres = rowsOf(unitRows([40, width], 1), width);
    const used: Record<string, number> = {};
    for (const match of ["massAware", "cosine"] as const) {
      const options = { entries, decay: 0.99, match };
      const run = await Run.start(wasm, options, n, width);
      for (let step = 0; step < 350; step++) {
        await run.step(zipfTargets(centres, n, step));
      }
      used[match] = (await run.outputs()).metrics.inUse * entries;
      run.end();
    }
    assert(used.massAware > 0.95 * entries, `${used.massAware} in use`);
    assert(Math.abs(used.cosine - 41) <= 3, `${used.cosine} in use`);
  },
);
