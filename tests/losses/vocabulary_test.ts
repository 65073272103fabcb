import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { gradient } from "../../engine/graph/gradient.ts";
import { multiply } from "../../engine/ops/elementwise.ts";
import { Program } from "../../engine/program.ts";
import { constant, input } from "../../engine/graph/tensor.ts";
import { Context } from "../../layers/context.ts";
import * as imageVocabulary from "../../losses/image_vocabulary.ts";
import * as patchVocabulary from "../../losses/patch_vocabulary.ts";
import { vocabularyLoss } from "../../losses/vocabulary.ts";
import { DynamicVocabulary } from "../../vocab/dynamic.ts";
import { assertClose } from "../engine/compare.ts";
import { testOnDevices } from "../engine/devices.ts";
import { checkLoss, rowsOf, unitRows } from "./check.ts";
import { naiveVocabularyLoss } from "./naive_vocabulary.ts";

// less than a block of entries, one block, several and a rest
for (
  const [entries, n, width] of [
    [1, 1, 3],
    [13, 6, 7],
    [512, 1, 5],
    [1100, 3, 5],
  ]
) {
  testOnDevices(
    `the vocabulary loss of ${n} predictions and ${entries} entries is Eq. 20, and only predictions get a gradient`,
    (device) =>
      checkLoss(device, {
        shapes: [[n, width], [n, width], [entries, width]],
        loss: (predictions, targets, entries) => ({
          loss: vocabularyLoss({ predictions, targets, entries, metrics: {} }),
          metrics: {},
        }),
        naive: (predictions, targets, entries) => ({
          loss: naiveVocabularyLoss(predictions, targets, entries),
          metrics: {},
        }),
        stopped: [1, 2],
      }),
  );
}

testOnDevices(
  "predictions that are equal or opposite to an entry get a finite loss and no gradient",
  async (device) => {
    const width = 5;
    const [entry] = rowsOf(unitRows([1, width], 1), width);
    const predictions = [...entry, ...entry.map((value) => -value)];
    const targets = [...unitRows([2, width], 2)];
    const u = input("predictions", [2, width]);
    const loss = vocabularyLoss({
      predictions: u,
      targets: input("targets", [2, width]),
      entries: input("entries", [1, width]),
      metrics: {},
    });
    const program = await Program.compile(device, {
      outputs: [loss, ...gradient(loss, [u])],
    });
    const [value, slope] = await program.evaluate({
      predictions: Float32Array.from(predictions),
      targets: Float32Array.from(targets),
      entries: Float32Array.from(entry),
    });
    program.destroy();
    const expected = naiveVocabularyLoss(
      rowsOf(predictions, width),
      rowsOf(targets, width),
      [entry],
    );
    // 1 - (1 - 1e-6) is 1.013e-6 in float32
    assertClose(value, [expected], "loss", 1e-2);
    assertEquals(slope, new Float32Array(2 * width));
  },
);

testOnDevices(
  "the vocabulary loss of unrelated vectors is about half of log 2",
  async (device) => {
    const width = 128;
    const loss = vocabularyLoss({
      predictions: input("predictions", [32, width]),
      targets: input("targets", [32, width]),
      entries: input("entries", [600, width]),
      metrics: {},
    });
    const program = await Program.compile(device, { outputs: [loss] });
    const [[value]] = await program.evaluate({
      predictions: unitRows([32, width], 1),
      targets: unitRows([32, width], 2),
      entries: unitRows([600, width], 3),
    });
    program.destroy();
    assertAlmostEquals(value, Math.LN2 / 2, 0.005);
  },
);

testOnDevices(
  "no gradient reaches targets through a vocabulary that takes them in",
  async (device) => {
    const [entries, n, width] = [20, 6, 7];
    const vocabulary = new DynamicVocabulary(
      { entries, decay: 0.9, match: "massAware" },
      width,
      1,
      "test",
    );
    const context = new Context();
    const [u, û] = [
      input("targets", [n, width]),
      input("predictions", [
        n,
        width,
      ]),
    ];
    const targets = multiply(u, 1);
    const loss = vocabularyLoss({
      predictions: multiply(û, 1),
      targets,
      entries: vocabulary.update(targets, context),
      metrics: {},
    });
    const program = await Program.compile(device, {
      outputs: gradient(loss, [u, û]),
    });
    const [ofTargets, ofPredictions] = await program.evaluate({
      targets: unitRows([n, width], 2),
      predictions: unitRows([n, width], 3),
    });
    program.destroy();
    device.release(vocabulary.vectors.storage);
    device.release(vocabulary.masses.storage);
    assertEquals(ofTargets, new Float32Array(n * width));
    assert(ofPredictions.every((value) => value !== 0));
  },
);

Deno.test("the losses of patches and of images compare each with its own vocabulary", () => {
  const metrics = { used: constant(1) };
  const [rows, entries] = [input("u", [2, 3]), input("v", [4, 3])];
  const comparison = { predictions: rows, targets: rows, entries, metrics };
  const outputs = { patchVocabulary: comparison };
  const options = { weight: 1 };
  assertEquals(patchVocabulary.compute(outputs, options)?.metrics, metrics);
  assertEquals(imageVocabulary.compute(outputs, options), undefined);
  const others = { imageVocabulary: comparison };
  assertEquals(imageVocabulary.compute(others, options)?.metrics, metrics);
  assertEquals(patchVocabulary.compute(others, options), undefined);
});
