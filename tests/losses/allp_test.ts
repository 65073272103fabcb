import { assert, assertEquals } from "@std/assert";
import { gradient } from "../../engine/graph/gradient.ts";
import { Program } from "../../engine/program.ts";
import { input } from "../../engine/graph/tensor.ts";
import { allpLoss, compute, schema } from "../../losses/allp.ts";
import { assertClose } from "../engine/compare.ts";
import { testOnDevices } from "../engine/devices.ts";
import { checkLoss, rowsOf, unitRows } from "./check.ts";
import { naiveAllpLoss } from "./naive_allp.ts";

const FORMS = ["nce", "infoNce"] as const;
const SCORES = ["softmax", "rescaled"] as const;

for (const form of FORMS) {
  for (const score of SCORES) {
    for (
      // the last one is of one instance, which has no negatives
      const { n, width, views, temperature } of [
        { n: 6, width: 7, views: 2, temperature: 0.07 },
        { n: 9, width: 5, views: 3, temperature: 0.5 },
        { n: 8, width: 11, views: 4, temperature: 0.1 },
        { n: 4, width: 5, views: 4, temperature: 0.07 },
      ]
    ) {
      const options = { form, score, temperature };
      testOnDevices(
        `the loss of Allp of ${n} images of ${views} views, ${form} of ${score}, is Eqs. 12-13, and so is its gradient`,
        (device) =>
          checkLoss(device, {
            shapes: [[n, width]],
            loss: (vectors) => allpLoss({ vectors, views }, options),
            naive: (vectors) => naiveAllpLoss(vectors, views, options),
          }),
      );
    }
    testOnDevices(
      `equal and opposite views give a finite loss and gradient, ${form} of ${score}`,
      async (device) => {
        const width = 3;
        const [row] = rowsOf(unitRows([1, width], 1), width);
        const opposite = row.map((value) => -value);
        const vectors = [...row, ...opposite, ...row, ...opposite];
        const options = { form, score, temperature: 0.07 };
        const u = input("u", [4, width]);
        const { loss } = allpLoss({ vectors: u, views: 2 }, options);
        const program = await Program.compile(device, {
          outputs: [loss, ...gradient(loss, [u])],
        });
        const [value, slope] = await program.evaluate({
          u: Float32Array.from(vectors),
        });
        program.destroy();
        const expected = naiveAllpLoss(rowsOf(vectors, width), 2, options);
        // 1 - (1 - 1e-6) is 1.013e-6 in float32
        assertClose(value, [expected.loss], "loss", 1e-3);
        assert(slope.every(Number.isFinite), `gradient ${slope}`);
      },
    );
  }
}

testOnDevices(
  "unrelated and opposite vectors have a finite loss at the lowest temperature",
  async (device) => {
    const lowest = 0.025;
    assert(schema.safeParse({ temperature: lowest }).success);
    assert(!schema.safeParse({ temperature: 0.9 * lowest }).success);
    const options = {
      form: "nce",
      score: "softmax",
      temperature: lowest,
    } as const;
    const u = input("u", [4, 2]);
    const { loss } = allpLoss({ vectors: u, views: 2 }, options);
    const program = await Program.compile(device, {
      outputs: [loss, ...gradient(loss, [u])],
    });
    // the first is opposite to all others
    const vectors = [1, 0, -1, 0, -1, 0, -1, 0];
    const [value, slope] = await program.evaluate({
      u: Float32Array.from(vectors),
    });
    program.destroy();
    const expected = naiveAllpLoss(rowsOf(vectors, 2), 2, options);
    assertClose(value, [expected.loss], "loss", 1e-4);
    assert(slope.every(Number.isFinite), `gradient ${slope}`);
  },
);

Deno.test("a model that is not Allp has no loss of Allp", () => {
  assertEquals(compute({}, schema.parse({ weight: 1 })), undefined);
});
