import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertRejects,
} from "@std/assert";
import type { LabelledFeatures } from "../../../train/evaluate/features.ts";
import {
  nearestNeighbourAccuracy,
  type NeighbourOptions,
  samplePositions,
  vote,
} from "../../../train/evaluate/knn.ts";
import { testOnDevices } from "../../engine/devices.ts";
import { randomArray, withSeed } from "../../random.ts";

/** More than a byte holds, too. */
const CLASSES = [0, 7, 255, 256, 300];
const WIDTH = CLASSES.length;

/** Rows whose class shows in one feature, dimly; every third is the same as the one before. */
function labelledRows(size: number): LabelledFeatures {
  const labels = randomLabels(size);
  const values = randomArray(size * WIDTH, -1, 1);
  for (let i = 0; i < size; i++) {
    values[i * WIDTH + CLASSES.indexOf(labels[i])] += 0.5;
    if (i % 3 === 2) values.copyWithin(i * WIDTH, (i - 1) * WIDTH, i * WIDTH);
  }
  return { width: WIDTH, values, labels };
}

function randomLabels(size: number): Uint32Array {
  return Uint32Array.from(
    randomArray(size, 0, CLASSES.length),
    (value) => CLASSES[Math.floor(value)],
  );
}

/** The rows in float64, each of length 1. */
function unitRows({ values, labels }: LabelledFeatures): number[][] {
  return Array.from(labels, (_, i) => {
    const row = [...values.subarray(i * WIDTH, (i + 1) * WIDTH)];
    const length = Math.hypot(...row);
    return row.map((value) => value / length);
  });
}

/** Sorts the whole bank; of equally similar images the first comes first. */
function naiveVote(
  similarities: readonly number[],
  labels: Uint32Array,
  neighbours: number,
): number {
  const nearest = [...similarities.keys()]
    .sort((a, b) => similarities[b] - similarities[a] || a - b)
    .slice(0, neighbours);
  const weights = CLASSES.map((label) =>
    nearest.reduce(
      (sum, i) =>
        labels[i] === label ? sum + Math.exp(similarities[i] / 0.07) : sum,
      0,
    )
  );
  return CLASSES[weights.indexOf(Math.max(...weights))];
}

function naiveAccuracy(
  train: LabelledFeatures,
  test: LabelledFeatures,
  neighbours: number,
): number {
  const bank = unitRows(train);
  const predicted = unitRows(test).map((query) =>
    naiveVote(
      bank.map((row) => row.reduce((sum, x, i) => sum + x * query[i], 0)),
      train.labels,
      neighbours,
    )
  );
  return predicted.filter((label, i) => label === test.labels[i]).length /
    test.labels.length;
}

testOnDevices(
  "nearestNeighbourAccuracy: is that of a naive float64 version, ragged last batches and all",
  async (device) => {
    const [train, test] = [labelledRows(47), labelledRows(31)];
    // batches that leave a remainder; one vote, some, as many as rows, and more
    for (
      const [neighbours, batchSize] of [[1, 7], [5, 10], [47, 31], [90, 100]]
    ) {
      const options: NeighbourOptions = {
        neighbours,
        batchSize,
        bank: 1000,
        queries: 1000,
      };
      const accuracy = naiveAccuracy(train, test, neighbours);
      const {
        macroAccuracy: _,
        standardError,
        ...result
      } = await nearestNeighbourAccuracy(
        device,
        train,
        test,
        options,
      );
      assertEquals(result, {
        accuracy,
        images: 31,
        neighbours: Math.min(neighbours, 47),
        bank: 47,
        temperature: 0.07,
      });
      assert(standardError > 0 && standardError < 0.1);
    }
  },
);

testOnDevices(
  "nearestNeighbourAccuracy: takes random rows, no more than asked for, and stops when asked",
  async (device) => {
    const [train, test] = [labelledRows(20), labelledRows(9)];
    const options = { neighbours: 1, batchSize: 4, bank: 11, queries: 6 };
    const rows = (features: LabelledFeatures, count: number) => {
      const positions = [...samplePositions(features.labels.length, count)];
      return {
        width: WIDTH,
        values: Float32Array.from(
          positions.flatMap((
            i,
          ) => [...features.values.subarray(i * WIDTH, (i + 1) * WIDTH)]),
        ),
        labels: Uint32Array.from(positions, (i) => features.labels[i]),
      };
    };
    const result = await nearestNeighbourAccuracy(device, train, test, options);
    assertEquals([result.bank, result.images], [11, 6]);
    assertAlmostEquals(
      result.accuracy,
      naiveAccuracy(rows(train, 11), rows(test, 6), 1),
    );
    const stopped = AbortSignal.abort(new Error("enough"));
    await assertRejects(
      () => nearestNeighbourAccuracy(device, train, test, options, stopped),
      Error,
      "enough",
    );
  },
);

testOnDevices(
  "nearestNeighbourAccuracy: votes weigh by the angle, however long the features are",
  async (device) => {
    // two at an angle of 60° outnumber the one in the same direction
    const bank = [[1, 0], [0.5, Math.sqrt(0.75)], [0.5, -Math.sqrt(0.75)]];
    const options = { neighbours: 3, batchSize: 1, bank: 3, queries: 1 };
    for (const [bankLength, queryLength] of [[1, 0.01], [0.01, 1], [100, 1]]) {
      const { accuracy } = await nearestNeighbourAccuracy(
        device,
        {
          width: 2,
          values: Float32Array.from(bank.flat(), (x) => bankLength * x),
          labels: Uint32Array.of(7, 9, 9),
        },
        {
          width: 2,
          values: Float32Array.of(queryLength, 0),
          labels: Uint32Array.of(7),
        },
        options,
      );
      assertEquals(accuracy, 1, `${bankLength}, ${queryLength}`);
    }
  },
);

Deno.test("samplePositions: gives distinct ascending positions, all of them where there are fewer", () => {
  assertEquals([...samplePositions(4, Infinity)], [0, 1, 2, 3]);
  const some = [...samplePositions(100, 30)];
  assertEquals(some.length, 30);
  assertEquals(some, [...new Set(some)].sort((a, b) => a - b));
  assertEquals(some, [...samplePositions(100, 30)]);
  // from everywhere: the images of a class may lie together
  for (let start = 0; start < 100; start += 25) {
    assert(some.some((position) => position >= start && position < start + 25));
  }
});

Deno.test("vote: takes exactly as many votes as neighbours, of equals the first", () => {
  const similarities = new Float32Array([0.5, 0.9, 0.5, 0.5, 0.2]);
  // with two neighbours class 1 has the nearest, and class 2 the first of the three equals
  assertEquals(vote(similarities, new Uint32Array([2, 1, 3, 3, 3]), 1), 1);
  assertEquals(vote(similarities, new Uint32Array([2, 1, 2, 2, 2]), 2), 1);
  // three equal votes outweigh nothing: only one of them counts
  const equal = new Float32Array([0.5, 0.5, 0.5]);
  assertEquals(vote(equal, new Uint32Array([4, 3, 3]), 1), 4);
  assertEquals(vote(equal, new Uint32Array([4, 3, 3]), 2), 3);
  assertEquals(vote(equal, new Uint32Array([4, 3, 3]), 3), 3);
});

Deno.test("vote: lets all vote where there are fewer than neighbours", () => {
  const similarities = new Float32Array([0.1, 0.1, 0.11]);
  assertEquals(vote(similarities, new Uint32Array([300, 300, 7]), 20), 300);
});

Deno.test("vote: agrees with sorting the whole bank, ties and all", () =>
  withSeed("vote", () => {
    for (let round = 0; round < 50; round++) {
      const similarities = randomArray(40, -1, 1).map((value) =>
        Math.round(value * 8) / 8
      );
      const labels = randomLabels(40);
      for (const neighbours of [1, 3, 7, 20, 40, 41]) {
        assertEquals(
          vote(similarities, labels, neighbours),
          naiveVote([...similarities], labels, neighbours),
        );
      }
    }
  }));
