import { assert, assertEquals } from "@std/assert";
import { devices } from "../../engine/devices.ts";
import { testWithSeed } from "../../random.ts";
import { startTiny, takeSteps } from "../tiny_model.ts";
import { exchange, tinyModel } from "./tiny_models.ts";

const [wasm] = devices;
const eitherWay = [false, true];

for (const hasExchange of eitherWay) {
  for (const doubleView of eitherWay) {
    for (const hasVocabulary of eitherWay) {
      const chosen = [
        hasExchange && "exchange",
        doubleView && "double view",
        hasVocabulary && "vocabulary",
      ].filter(Boolean).join(", ") || "no adaptation";
      testWithSeed(
        `MaskedPatchPrediction: trains with ${chosen}, on one view and on two`,
        async () => {
          const weight = (isOn: boolean) => ({ weight: isOn ? 1 : 0 });
          const losses = {
            maskedPatch: weight(true),
            image: weight(doubleView),
            patchVocabulary: weight(hasVocabulary),
            imageVocabulary: weight(doubleView && hasVocabulary),
          };
          for (const views of [1, 2]) {
            const config = tinyModel(
              {
                name: "maskedPatchPrediction",
                masked: 1,
                projection: 5,
                exchange: hasExchange ? exchange : null,
                doubleView,
                vocabulary: hasVocabulary
                  ? { name: "dynamic", entries: 6 }
                  : null,
              },
              losses,
              { views },
            );
            const run = await startTiny(wasm, config);
            await takeSteps(run, 0, 2);
            const metrics = await run.step.metrics(0, 2);
            run.step.destroy();
            assertEquals(metrics.map(({ proceeds }) => proceeds), [1, 1]);
            assert(metrics[0].loss !== metrics[1].loss);
            for (const numbers of metrics) {
              assert(Object.values(numbers).every(Number.isFinite));
              const terms = Object.entries(losses)
                .filter(([, { weight }]) => weight > 0)
                .map(([name]) => numbers[name]);
              assert(terms.every((term) => term > 0));
            }
          }
        },
      );
    }
  }
}
