import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import type { LabelledFeatures } from "../../../train/evaluate/features.ts";
import { selectRows } from "../../../train/evaluate/features.ts";
import { LogisticRegression } from "../../../train/evaluate/linear_classifier.ts";
import {
  HELD_OUT,
  linearProbe,
  PENALTIES,
} from "../../../train/evaluate/linear_probe.ts";
import { holdOut } from "../../../train/evaluate/splits.ts";
import { devices, testOnDevices } from "../../engine/devices.ts";
import { randomArray, withSeed } from "../../random.ts";

const [wasm] = devices;
const CLASSES = 4;

/** Rows of which one feature says something about the class, and the others nothing. */
function noisyRows(rows: number, width: number): LabelledFeatures {
  const labels = Uint32Array.from({ length: rows }, (_, i) => i % CLASSES);
  const values = randomArray(rows * width).map((value, i) =>
    i % width === 0 ? value + labels[i / width] / 2 : value
  );
  return { width, values, labels };
}

testOnDevices(
  "linearProbe: poisoned test labels change nothing but the accuracy",
  async (device) => {
    const [train, test] = [noisyRows(80, 30), noisyRows(21, 30)];
    const { accuracy, macroAccuracy, standardError, images, ...choice } =
      await linearProbe(device, train, test, 3);
    let total = accuracy;
    for (const shift of [1, 2, 3]) {
      const labels = test.labels.map((label) => (label + shift) % CLASSES);
      const poisoned = await linearProbe(
        device,
        train,
        { ...test, labels },
        3,
      );
      assertEquals(poisoned, { ...poisoned, ...choice });
      total += poisoned.accuracy;
    }
    // every prediction is the same, so that it is right once
    assertAlmostEquals(total, 1);
    assert(macroAccuracy > 0 && standardError > 0);
    assertEquals([images, choice.fitted, choice.heldOut], [21, 72, 8]);
  },
);

Deno.test("linearProbe: takes the strongest of the penalties that do best on the held-out rows", () =>
  withSeed(
    "linearProbe: takes the strongest of the penalties that do best on the held-out rows",
    async () => {
      const [train, test] = [noisyRows(60, 12), noisyRows(40, 12)];
      const seed = 11;
      const positions = holdOut(train.labels, HELD_OUT, seed);
      const heldOut = selectRows(train, positions.heldOut);
      const regression = await LogisticRegression.compile(
        wasm,
        selectRows(train, positions.training),
      );
      const share = (predictions: Uint32Array, labels: Uint32Array) =>
        labels.filter((label, i) => predictions[i] === label).length /
        labels.length;
      let best = { held: -1, penalty: 0, accuracy: 0 };
      for (const penalty of PENALTIES) {
        const weights = await regression.fit(penalty);
        const accuracyOn = async (rows: LabelledFeatures) =>
          share(await regression.classify(weights, rows), rows.labels);
        const held = await accuracyOn(heldOut);
        const { length } = heldOut.labels;
        // Agresti and Coull 1998: two rows more, one of them right
        const adjusted = (held * length + 1) / (length + 2);
        const error = Math.sqrt(adjusted * (1 - adjusted) / (length + 2));
        if (held < best.held - error) break;
        if (held > best.held) {
          best = { held, penalty, accuracy: await accuracyOn(test) };
        }
      }
      regression.destroy();
      const result = await linearProbe(wasm, train, test, seed);
      assertEquals(
        [result.heldOutAccuracy, result.penalty, result.accuracy],
        [best.held, best.penalty, best.accuracy],
      );
    },
  ));

/**
 * Rows of two classes that a strong penalty tells apart by the first feature, and a weak one by a small
 * difference of the others. Of 40 held-out rows 18 are right with all penalties, `early` with the
 * strongest alone, and 12 from the third on.
 */
function rowsToChooseBy(seed: number, early: number): LabelledFeatures {
  const labels = Uint32Array.from({ length: 400 }, (_, i) => i % 2);
  const { training, heldOut } = holdOut(labels, HELD_OUT, seed);
  const values = new Float32Array(3 * labels.length);
  const set = (position: number, row: (sign: number) => number[]) =>
    values.set(row(2 * labels[position] - 1), 3 * position);
  training.forEach((position, i) => {
    const other = i % 4 < 2 ? -1 : 1;
    set(position, (sign) => [
      i % 5 === 0 ? -sign : sign,
      other,
      other + 0.1 * sign,
    ]);
  });
  heldOut.forEach((position, i) =>
    set(position, (sign) => {
      if (i < 18) return [sign, 0, 0];
      if (i < 18 + early) return [sign, 0, -4 * sign];
      return i < 40 - 12 ? [-sign, 0, 0] : [-sign, 0, sign];
    })
  );
  return { width: 3, values, labels };
}

testOnDevices(
  "linearProbe: tries weaker penalties where they do a little worse at first, not where they do much worse",
  async (device) => {
    const seed = 5;
    const choice = async (early: number) => {
      const rows = rowsToChooseBy(seed, early);
      const { penalty, heldOutAccuracy } = await linearProbe(
        device,
        rows,
        rows,
        seed,
      );
      return { penalty, heldOutAccuracy };
    };
    // 20, 18 and 30 rows are right; of the penalties with 30 the strongest is chosen
    assertEquals(await choice(2), { penalty: 1e-2, heldOutAccuracy: 30 / 40 });
    // 28, 18 and, were they tried, 30
    assertEquals(await choice(10), { penalty: 1, heldOutAccuracy: 28 / 40 });
  },
);

Deno.test("linearProbe: does with two rows, and with a class that the test rows alone have", () =>
  withSeed(
    "linearProbe: does with two rows, and with a class that the test rows alone have",
    async () => {
      const train = noisyRows(2, 3);
      const test = noisyRows(8, 3);
      const result = await linearProbe(wasm, train, test, 0);
      assertEquals([result.fitted, result.heldOut, result.images], [1, 1, 8]);
      // one class is all that it knows
      assertEquals(result.accuracy, 1 / CLASSES);
    },
  ));
