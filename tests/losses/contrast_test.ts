import { input } from "../../engine/graph/tensor.ts";
import { Program } from "../../engine/program.ts";
import { contrast } from "../../losses/contrast.ts";
import { assertClose, poison } from "../engine/compare.ts";
import { testOnDevices } from "../engine/devices.ts";

testOnDevices(
  "contrast: divides by all pairs, or positives and negatives by their own number",
  async (device) => {
    const [s, isPositive] = ["s", "isPositive"].map((name) =>
      input(name, [2, 3])
    );
    const [balanced, pairs] = (["balanced", "pairs"] as const).map(
      (normalizer) => contrast(s, isPositive, normalizer),
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
      s: Float32Array.of(0.9, 0.2, 0.3, 0.4, 0.1, 0.5),
      isPositive: Float32Array.of(1, 0, 0, 0, 1, 0),
    });
    program.destroy();
    const positive = -Math.log(0.9) - Math.log(0.1);
    const negative = -Math.log(0.8 * 0.7 * 0.6 * 0.5);
    assertClose(
      values.map(([value]) => value),
      [
        positive / 2 + negative / 4,
        (positive + negative) / 6,
        0.5,
        0.5,
        0.35,
      ],
      "losses, retrieval and similarities",
      1e-6,
    );
  },
);
