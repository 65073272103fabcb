import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertThrows,
} from "@std/assert";
import { gradient } from "../../engine/graph/gradient.ts";
import { input } from "../../engine/graph/tensor.ts";
import { multiply, square } from "../../engine/ops/elementwise.ts";
import { sum } from "../../engine/ops/reduction.ts";
import { Program } from "../../engine/program.ts";
import { Context } from "../../layers/context.ts";
import {
  vocabularyLoss,
  vocabularyNegatives,
} from "../../losses/vocabulary.ts";
import { DynamicVocabulary } from "../../vocab/dynamic.ts";
import { assertClose } from "../engine/compare.ts";
import { testOnDevices } from "../engine/devices.ts";
import { checkLosses, evaluateLoss, rowsOf, unitRows } from "./check.ts";
import {
  naiveVocabularyLoss,
  naiveVocabularyNegatives,
} from "./naive_vocabulary.ts";

testOnDevices(
  "vocabularyLoss: is Eq. 20, and only predictions get a gradient",
  (device) =>
    checkLosses(
      device,
      // less than a block of entries, one block, several and a rest
      [
        ...[[1, 1, 3], [13, 6, 7], [512, 1, 5], [1100, 3, 5]].map((sizes) => ({
          sizes,
          normalizer: "pairs" as const,
        })),
        { sizes: [13, 6, 7], normalizer: "predictions" as const },
      ].map(
        ({ sizes: [entries, n, width], normalizer }) => ({
          what: `${n} predictions and ${entries} entries by ${normalizer}`,
          shapes: [[n, width], [n, width], [entries, width]],
          loss: (predictions, targets, entries) => ({
            loss: vocabularyLoss({
              predictions,
              targets,
              entries,
              metrics: {},
            }, normalizer),
            metrics: {},
          }),
          naive: (predictions, targets, entries) => ({
            loss: naiveVocabularyLoss(
              predictions,
              targets,
              entries,
              normalizer,
            ),
            metrics: {},
          }),
          stopped: [1, 2],
        }),
      ),
    ),
);

testOnDevices(
  "vocabularyLoss: predictions equal or opposite to an entry have a finite loss and no gradient",
  async (device) => {
    const width = 5;
    const [entry] = rowsOf(unitRows([1, width]), width);
    const predictions = [...entry, ...entry.map((value) => -value)];
    const targets = unitRows([2, width]);
    const { loss, gradients: [slope] } = await evaluateLoss(
      device,
      {
        predictions: [[2, width], predictions],
        targets: [[2, width], targets],
        entries: [[1, width], entry],
      },
      ({ predictions, targets, entries }) =>
        vocabularyLoss({ predictions, targets, entries, metrics: {} }, "pairs"),
    );
    const expected = naiveVocabularyLoss(
      rowsOf(predictions, width),
      rowsOf(targets, width),
      [entry],
    );
    // 1 - (1 - 1e-6) is 1.013e-6 in float32
    assertClose([loss], [expected], "loss", 1e-2);
    assertEquals(slope, new Float32Array(2 * width));
  },
);

testOnDevices(
  "vocabularyLoss: is about half of log 2 for unrelated vectors",
  async (device) => {
    const width = 128;
    const { loss } = await evaluateLoss(
      device,
      {
        predictions: [[32, width], unitRows([32, width])],
        targets: [[32, width], unitRows([32, width])],
        entries: [[600, width], unitRows([600, width])],
      },
      ({ predictions, targets, entries }) =>
        vocabularyLoss({ predictions, targets, entries, metrics: {} }, "pairs"),
    );
    // the mean over predictions has a deviation below 0.001
    assertAlmostEquals(loss, Math.LN2 / 2, 0.005);
  },
);

testOnDevices(
  "vocabularyLoss: no gradient reaches targets through a vocabulary that takes them in",
  async (device) => {
    const [entries, n, width] = [20, 6, 7];
    const options = { entries, decay: 0.9, match: "massAware" } as const;
    const vocabulary = new DynamicVocabulary(options, width, 1, "test");
    const context = new Context();
    const u = input("targets", [n, width]);
    const û = input("predictions", [n, width]);
    const targets = multiply(u, 1);
    const loss = vocabularyLoss({
      predictions: multiply(û, 1),
      targets,
      entries: vocabulary.update(targets, context),
      metrics: {},
    }, "pairs");
    const program = await Program.compile(device, {
      outputs: gradient(loss, [u, û]),
    });
    const [ofTargets, ofPredictions] = await program.evaluate({
      targets: unitRows([n, width]),
      predictions: unitRows([n, width]),
    });
    program.destroy();
    device.release(vocabulary.vectors.storage);
    device.release(vocabulary.masses.storage);
    assertEquals(ofTargets, new Float32Array(n * width));
    assert(ofPredictions.every((value) => value !== 0));
  },
);

testOnDevices(
  "vocabularyNegatives: are entries with the weight of Eq. 20, and only predictions get a gradient",
  (device) =>
    checkLosses(
      device,
      [[1, 1, 3], [13, 6, 7], [1100, 3, 5]].map(([entries, n, width]) => ({
        what: `${n} predictions and ${entries} entries`,
        shapes: [[n, width], [n, width], [entries, width]],
        loss: (predictions, targets, entries) => {
          const comparison = { predictions, targets, entries, metrics: {} };
          const sums = vocabularyNegatives(comparison, 0.3);
          // so that each row has another gradient
          return { loss: sum(square(sums)), metrics: {} };
        },
        naive: (predictions, targets, entries) => ({
          loss: predictions.reduce(
            (total, prediction, j) =>
              total +
              (naiveVocabularyNegatives(prediction, targets[j], entries, 0.3) *
                  Math.exp(-1 / 0.3)) ** 2,
            0,
          ),
          metrics: {},
        }),
        stopped: [1, 2],
      })),
    ),
);

Deno.test("vocabularyLoss, vocabularyNegatives: refuse targets that are not those of the predictions", () => {
  const compare = (
    predictions: number[],
    targets: number[],
    entries: number[],
  ) => ({
    predictions: input("predictions", predictions),
    targets: input("targets", targets),
    entries: input("entries", entries),
    metrics: {},
  });
  for (
    const [comparison, message] of [
      [compare([1, 5], [3, 5], [9, 5]), "targets must be [1,5], not [3,5]"],
      [
        compare([2, 5], [2, 5], [9, 4]),
        "entries must be [entries,5], not [9,4]",
      ],
      [
        compare([2, 3, 5], [6, 5], [9, 5]),
        "predictions must be [n,width], not [2,3,5]",
      ],
    ] as const
  ) {
    assertThrows(
      () => vocabularyLoss(comparison, "pairs"),
      RangeError,
      message,
    );
    assertThrows(
      () => vocabularyNegatives(comparison, 0.2),
      RangeError,
      message,
    );
  }
});
