import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type LinearWeights,
  LogisticRegression,
} from "../../../train/evaluate/linear_classifier.ts";
import type { LabelledFeatures } from "../../../train/evaluate/features.ts";
import { assertClose } from "../../engine/compare.ts";
import { devices, testOnDevices } from "../../engine/devices.ts";
import { readFixture } from "../../fixtures/read.ts";
import { randomArray, withSeed } from "../../random.ts";

const [wasm] = devices;

interface Fixture {
  readonly width: number;
  readonly classes: number[];
  readonly features: number[];
  readonly labels: number[];
  readonly testFeatures: number[];
  readonly optima: {
    readonly penalty: number;
    readonly loss: number;
    readonly weights: number[];
    readonly predictions: number[];
  }[];
}

/** Loss and gradient by the definition, in float64, of features that are standardised by themselves. */
function naiveObjective(
  { width, values, labels }: LabelledFeatures,
  classes: Uint32Array,
  weights: LinearWeights,
  penalty: number,
) {
  const n = labels.length;
  const rows = naiveStandardized(values, width);
  const gradient = new Float64Array(weights.length);
  let loss = 0;
  for (let i = 0; i < n; i++) {
    const row = [...rows.subarray(i * width, (i + 1) * width), 1];
    const scores = naiveScores(row, weights, classes.length);
    const largest = Math.max(...scores);
    const logSum = largest +
      Math.log(scores.reduce((sum, s) => sum + Math.exp(s - largest), 0));
    classes.forEach((label, c) => {
      const isRight = label === labels[i] ? 1 : 0;
      loss -= isRight * (scores[c] - logSum) / n;
      row.forEach((x, feature) =>
        gradient[feature * classes.length + c] += x *
          (Math.exp(scores[c] - logSum) - isRight) / n
      );
    });
  }
  for (let i = 0; i < width * classes.length; i++) {
    loss += penalty / 2 * weights[i] ** 2;
    gradient[i] += penalty * weights[i];
  }
  return { loss, gradient };
}

function naiveScores(
  row: readonly number[],
  weights: Float64Array,
  classes: number,
): number[] {
  return Array.from(
    { length: classes },
    (_, c) => row.reduce((sum, x, i) => sum + x * weights[i * classes + c], 0),
  );
}

function naiveStandardized(
  values: Float32Array,
  width: number,
  by = values,
): Float64Array {
  const column = (i: number) => by.filter((_, j) => j % width === i);
  const statistics = Array.from({ length: width }, (_, i) => {
    const entries = Float64Array.from(column(i));
    const mean = entries.reduce((sum, x) => sum + x, 0) / entries.length;
    const squares = entries.reduce((sum, x) => sum + (x - mean) ** 2, 0);
    return { mean, deviation: Math.sqrt(squares / entries.length) || Infinity };
  });
  return Float64Array.from(values, (value, i) => {
    const { mean, deviation } = statistics[i % width];
    return (value - mean) / deviation;
  });
}

testOnDevices(
  "LogisticRegression: finds the optimum that scikit-learn finds, and its classes",
  async (device) => {
    const fixture = readFixture<Fixture>("linear_classifier");
    const data = {
      width: fixture.width,
      values: Float32Array.from(fixture.features),
      labels: Uint32Array.from(fixture.labels),
    };
    const regression = await LogisticRegression.compile(device, data);
    assertEquals([...regression.classes], fixture.classes);
    for (const optimum of fixture.optima) {
      const { penalty } = optimum;
      const weights = await regression.fit(penalty);
      const { loss } = naiveObjective(
        data,
        regression.classes,
        weights,
        penalty,
      );
      const name = `penalty ${penalty}`;
      assert(loss >= optimum.loss - 1e-9, "better than the best");
      assertClose([loss], [optimum.loss], name, 1e-5);
      assertClose(weights, optimum.weights, name, 2e-2);
      assertEquals(
        [
          ...await regression.classify(weights, {
            width: fixture.width,
            values: Float32Array.from(fixture.testFeatures),
          }),
        ],
        optimum.predictions,
      );
    }
    regression.destroy();
  },
);

/** Rows whose class shows in their features, but for noise. */
function randomData(
  rows: number,
  width: number,
  classes: readonly number[],
): LabelledFeatures {
  const labels = Uint32Array.from(
    { length: rows },
    (_, i) => classes[(i * i + 1) % classes.length],
  );
  const values = randomArray(rows * width).map((value, i) =>
    2 * value + Math.cos(labels[Math.floor(i / width)] * (i % width + 1))
  );
  return { width, values, labels };
}

testOnDevices(
  "LogisticRegression: leaves no gradient, and classifies as a naive float64 version does",
  async (device) => {
    const cases: [rows: number, width: number, classes: number[]][] = [
      // fewer rows than a batch; one feature; classes that do not occur in between
      [7, 1, [0, 2]],
      [53, 5, [3, 200, 300]],
      // more than ten classes
      [131, 3, Array.from({ length: 13 }, (_, i) => i)],
      // a batch, and a ragged second one
      [3000, 2, [0, 1, 2]],
      // a single class
      [3, 2, [5]],
    ];
    for (const [rows, width, classes] of cases) {
      const data = randomData(rows, width, classes);
      // a constant says nothing
      data.values.forEach((_, i) => {
        if (width > 2 && i % width === 1) data.values[i] = 0.1;
      });
      const name = `${rows} x ${width}`;
      const regression = await LogisticRegression.compile(device, data);
      for (const penalty of device === wasm ? [0.3, 0.03] : [0.3]) {
        const weights = await regression.fit(penalty);
        const { gradient } = naiveObjective(
          data,
          regression.classes,
          weights,
          penalty,
        );
        const steepest = Math.max(...gradient.map(Math.abs));
        assert(steepest < 3.5e-4, `${name}: slope ${steepest}`);
        const predictions = await regression.classify(weights, data);
        const standardized = naiveStandardized(data.values, width);
        predictions.forEach((prediction, i) => {
          const row = [...standardized.subarray(i * width, (i + 1) * width), 1];
          const scores = naiveScores(
            row,
            weights,
            regression.classes.length,
          );
          const place = regression.classes.indexOf(prediction);
          // equal but for rounding
          assert(scores[place] > Math.max(...scores) - 1e-4, `${name}: ${i}`);
        });
      }
      regression.destroy();
    }
  },
);

testOnDevices(
  "LogisticRegression: finds the optimum where a row far from all others has scores beyond float32's exponential",
  async (device) => {
    const labels = Uint32Array.from({ length: 100 }, (_, i) => i % 2);
    const values = Float32Array.from(labels).with(0, -1000);
    const data = { width: 1, values, labels };
    const regression = await LogisticRegression.compile(device, data);
    const weights = await regression.fit(1e-4);
    const { classes } = regression;
    const { gradient } = naiveObjective(data, classes, weights, 1e-4);
    const steepest = Math.max(...gradient.map(Math.abs));
    assert(steepest < 3.5e-4, `slope ${steepest}`);
    const [far] = naiveStandardized(values, 1);
    assert(Math.exp(naiveScores([far, 1], weights, 2)[0]) > 2 ** 128);
    regression.destroy();
  },
);

Deno.test("LogisticRegression: gives the same weights every time, and stops when asked", () =>
  withSeed(
    "LogisticRegression: gives the same weights every time, and stops when asked",
    async () => {
      const data = randomData(40, 3, [0, 1, 2]);
      const [first, second] = await Promise.all([0, 1].map(async () => {
        const regression = await LogisticRegression.compile(wasm, data);
        const weights = await regression.fit(0.1);
        regression.destroy();
        return weights;
      }));
      assertEquals(first, second);
      const regression = await LogisticRegression.compile(wasm, data);
      const stopped = AbortSignal.abort(new Error("enough"));
      await assertRejects(() => regression.fit(0.1, stopped), Error, "enough");
      regression.destroy();
    },
  ));
