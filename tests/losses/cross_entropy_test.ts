import { assertThrows } from "@std/assert";
import { equal, multiply } from "../../engine/ops/elementwise.ts";
import { iota } from "../../engine/ops/iota.ts";
import { input } from "../../engine/graph/tensor.ts";
import { crossEntropy } from "../../losses/cross_entropy.ts";
import { assertClose } from "../engine/compare.ts";
import { testOnDevices } from "../engine/devices.ts";
import { checkLosses, evaluateLoss, type Rows } from "./check.ts";

/** The target of row i is class `i mod classes`. */
function naive(logits: Rows): number {
  return logits.reduce((total, row, i) => {
    const sum = Array.from(row, Math.exp).reduce((a, b) => a + b);
    return total - Math.log(Math.exp(row[i % row.length]) / sum);
  }, 0) / logits.length;
}

testOnDevices(
  "crossEntropy: is the mean of -log softmax at the target, and so is its gradient",
  (device) =>
    checkLosses(
      device,
      [[1, 1], [5, 5], [7, 7], [2, 3, 3]].map((shape) => ({
        what: `[${shape}]`,
        shapes: [shape],
        loss: (logits) => {
          const axis = shape.length - 2;
          const target = iota(shape, axis, "f32");
          const isTarget = equal(target, iota(shape, axis + 1, "f32"));
          const loss = crossEntropy(multiply(logits, 4), isTarget);
          return { loss, metrics: {} };
        },
        naive: (rows) => ({
          loss: naive(rows.map((row) => Array.from(row, (x) => 4 * x))),
          metrics: {},
        }),
      })),
    ),
);

testOnDevices(
  "crossEntropy: large logits have a finite loss, and a target of the first class broadcasts",
  async (device) => {
    const logits = [1000, -1000, 3, 500, 500, 500];
    const { loss } = await evaluateLoss(
      device,
      { logits: [[2, 3], logits] },
      ({ logits }) => crossEntropy(logits, equal(iota([3], 0, "f32"), 0)),
    );
    assertClose([loss], [Math.log(3) / 2], "loss");
    const { loss: wrong } = await evaluateLoss(
      device,
      { logits: [[2, 3], logits] },
      ({ logits }) => crossEntropy(logits, equal(iota([3], 0, "f32"), 1)),
    );
    assertClose([wrong], [(2000 + Math.log(3)) / 2], "loss");
  },
);

Deno.test("crossEntropy: refuses targets of other rows than the logits", () => {
  for (const shape of [[4, 5], [2, 1, 5]]) {
    assertThrows(
      () => crossEntropy(input("logits", [1, 5]), input("targets", shape)),
      RangeError,
      `targets [${shape}] do not broadcast to logits [1,5]`,
    );
  }
});
