import { assertEquals } from "@std/assert";
import { constant } from "../../engine/graph/tensor.ts";
import type { LossTerm } from "../../losses/term.ts";
import type {
  VocabularyComparison,
  VocabularyLossOptions,
} from "../../losses/vocabulary.ts";
import { testOnDevices } from "../engine/devices.ts";
import { checkLosses } from "./check.ts";
import { naiveVocabularyLoss } from "./naive_vocabulary.ts";

/** Tests that a term is Eq. 20 and passes on the metrics of its vocabulary; without a weight it is off. */
export function testVocabularyTerm(
  name: string,
  term: LossTerm<VocabularyComparison, VocabularyLossOptions>,
): void {
  testOnDevices(
    `${name}: is Eq. 20, with the vocabulary's metrics`,
    (device) =>
      checkLosses(device, [{
        what: name,
        shapes: [[3, 5], [3, 5], [7, 5]],
        loss: (predictions, targets, entries) =>
          term.compute(
            { predictions, targets, entries, metrics: { inUse: constant(3) } },
            { weight: 2, normalizer: "predictions" },
          ),
        naive: (predictions, targets, entries) => ({
          loss: naiveVocabularyLoss(
            predictions,
            targets,
            entries,
            "predictions",
          ),
          metrics: { inUse: 3 },
        }),
        stopped: [1, 2],
      }]),
  );

  Deno.test(`${name}: is off by default`, () => {
    assertEquals(term.schema.parse({}), { weight: 0, normalizer: "pairs" });
  });
}
