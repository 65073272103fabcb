import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { constant, input, Storage } from "../../engine/graph/tensor.ts";
import { Program } from "../../engine/program.ts";
import { UserError } from "../../engine/user_error.ts";
import { contrast, type ContrastOptions } from "../../losses/contrast.ts";
import { maskedPatch } from "../../losses/masked_patch.ts";
import { assertClose, poison } from "../engine/compare.ts";
import { testOnDevices } from "../engine/devices.ts";
import { checkLosses, evaluateLoss, rowsOf, unitRows } from "./check.ts";
import {
  contrasts,
  describe,
  naiveContrast,
  printed,
} from "./naive_contrast.ts";
import { naiveVocabularyNegatives } from "./naive_vocabulary.ts";

testOnDevices(
  "contrast: divides by all pairs, or positives and negatives by their own number",
  async (device) => {
    // similarities to two axes and their opposites
    const predictions = [[0.8, -0.6], [0.6, 0.8]];
    const targets = [[1, 0], [0, 1], [-1, 0]];
    const contrasted = {
      predictions: input("predictions", [2, 2]),
      targets: input("targets", [3, 2]),
      isPositive: input("isPositive", [2, 3]),
    };
    const [balanced, pairs] = (["balanced", "pairs"] as const).map(
      (normalizer) => contrast(contrasted, { ...printed, normalizer }),
    );
    const { retrieval, positiveSimilarity, negativeSimilarity } =
      balanced.metrics;
    await poison(device);
    const program = await Program.compile(device, {
      outputs: [
        balanced.loss,
        pairs.loss,
        retrieval,
        positiveSimilarity,
        negativeSimilarity,
      ],
    });
    const values = await program.evaluate({
      predictions: Float32Array.from(predictions.flat()),
      targets: Float32Array.from(targets.flat()),
      isPositive: Float32Array.of(1, 0, 0, 0, 0, 1),
    });
    program.destroy();
    // [0.9, 0.2, 0.1] and [0.8, 0.9, 0.2]
    const positive = -Math.log(0.9) - Math.log(0.2);
    const negative = -Math.log(0.8 * 0.9 * 0.2 * 0.1);
    assertClose(
      values.map(([value]) => value),
      [
        positive / 2 + negative / 4,
        (positive + negative) / 6,
        0.5,
        0.55,
        0.5,
      ],
      "losses, retrieval and similarities",
      1e-6,
    );
  },
);

testOnDevices(
  "contrast: equal and opposite vectors have a finite loss and gradient",
  async (device) => {
    const [n, width] = [4, 5];
    const [row] = rowsOf(unitRows([1, width]), width);
    const predictions = [row, row, row, row];
    // positives and negatives at 0 and at 1
    const targets = [row, row, row.map((x) => -x), row.map((x) => -x)];
    const isPositive = (i: number, j: number) => i % 2 === j % 2;
    const pairs = Float32Array.from(
      { length: n * n },
      (_, k) => isPositive(Math.floor(k / n), k % n) ? 1 : 0,
    );
    // the lowest temperature, at which exp(-2 / temperature) is next to 0
    for (
      const options of contrasts.map((x) => ({ ...x, temperature: 0.025 }))
    ) {
      const { loss } = await evaluateLoss(
        device,
        {
          predictions: [[n, width], predictions.flat()],
          targets: [[n, width], targets.flat()],
          isPositive: [[n, n], pairs],
        },
        ({ predictions, targets, isPositive }) =>
          contrast({ predictions, targets, isPositive }, options).loss,
      );
      const expected = naiveContrast(predictions, targets, isPositive, options);
      // 1 - (1 - 1e-6) is 1.013e-6 in float32
      assertClose([loss], [expected.loss], describe(options), 2e-3);
    }
  },
);

testOnDevices(
  "contrast: InfoNCE is the logarithm of the number of candidates for equal vectors",
  async (device) => {
    const [n, width] = [4, 3];
    const rows = Array.from({ length: n }, () => [0.6, 0, 0.8]).flat();
    const isPositive = Float32Array.from(
      { length: n * n },
      (_, k) => Math.floor(k / n / 2) === Math.floor(k % n / 2) ? 1 : 0,
    );
    // two positives and two negatives: one positive and the negatives, or all
    for (
      const [positives, chance] of [["outside", 1 / 3], [
        "inside",
        1 / 2,
      ]] as const
    ) {
      const { loss } = await evaluateLoss(
        device,
        {
          predictions: [[n, width], rows],
          targets: [[n, width], rows],
          isPositive: [[n, n], isPositive],
        },
        ({ predictions, targets, isPositive }) =>
          contrast(
            { predictions, targets, isPositive },
            { ...printed, form: "infoNce", positives },
          ).loss,
      );
      assertAlmostEquals(loss, -Math.log(chance), 1e-6);
    }
  },
);

Deno.test("contrast: is as printed by default, and refuses a temperature at which exp(-2 / t) is 0", () => {
  const { schema } = maskedPatch;
  assertEquals(schema.parse({}), { weight: 0, candidates: "all", ...printed });
  assertEquals(schema.safeParse({ temperature: 0.025 }).success, true);
  assertEquals(schema.safeParse({ temperature: 0.02 }).success, false);
});

testOnDevices(
  "contrast: entries of a vocabulary are further negatives of InfoNCE",
  (device) =>
    checkLosses(
      device,
      (["outside", "inside"] as const).map((positives) => {
        const [n, width, entries] = [4, 5, 7];
        const options: ContrastOptions = {
          ...printed,
          form: "infoNce",
          positives,
          negatives: "batchAndVocabulary",
        };
        const isPositive = (i: number, j: number) => i % 2 === j % 2;
        const pairs = Float32Array.from(
          { length: n * n },
          (_, k) => isPositive(Math.floor(k / n), k % n) ? 1 : 0,
        );
        return {
          what: `positives ${positives}`,
          shapes: [[n, width], [n, width], [n, width], [entries, width]],
          loss: (predictions, targets, u, entries) =>
            contrast({
              predictions,
              targets,
              isPositive: new Storage("pairs", n * n, "f32", pairs).tensor([
                n,
                n,
              ]),
              vocabulary: {
                predictions,
                targets: u,
                entries,
                metrics: { inUse: constant(3) },
              },
            }, options),
          naive: (predictions, targets, u, entries) => {
            const { loss, metrics } = naiveContrast(
              predictions,
              targets,
              isPositive,
              options,
              (i) =>
                naiveVocabularyNegatives(
                  predictions[i],
                  u[i],
                  entries,
                  options.temperature,
                ),
            );
            return { loss, metrics: { ...metrics, inUse: 3 } };
          },
          stopped: [2, 3],
        };
      }),
    ),
);

Deno.test("contrast: refuses a vocabulary that is not there, and one for Eqs. 15 and 16", () => {
  const [predictions, targets, entries] = [4, 6, 8].map((rows) =>
    input(`${rows} rows`, [rows, 3])
  );
  const contrasted = {
    predictions,
    targets,
    isPositive: input("isPositive", [4, 6]),
  };
  const vocabulary = {
    predictions,
    targets: predictions,
    entries,
    metrics: {},
  };
  const negatives = "batchAndVocabulary";
  for (
    const [values, form] of [
      [contrasted, "infoNce"],
      [{ ...contrasted, vocabulary }, "nce"],
    ] as const
  ) {
    assertThrows(
      () => contrast(values, { ...printed, form, negatives }),
      UserError,
      "needs its form infoNce and model.vocabulary",
    );
  }
});

Deno.test("contrast: refuses marks of positives that are not one for each pair", () => {
  for (const shape of [[1, 4], [4, 3], [4]]) {
    assertThrows(
      () =>
        contrast({
          predictions: input("x", [3, 5]),
          targets: input("y", [4, 5]),
          isPositive: input("isPositive", shape),
        }, printed),
      RangeError,
      `isPositive must be [3,4], not [${shape}]`,
    );
  }
});
