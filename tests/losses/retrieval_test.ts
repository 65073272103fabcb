import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { input } from "../../engine/graph/tensor.ts";
import { Program } from "../../engine/program.ts";
import { retrieval } from "../../losses/retrieval.ts";
import { poison } from "../engine/compare.ts";
import { testOnDevices } from "../engine/devices.ts";
import { randomArray, randomNumber } from "../random.ts";

testOnDevices(
  "retrieval: is the share of rows whose best candidate is positive; ties and rows without positives fail",
  async (device) => {
    const [rows, columns] = [37, 11];
    const program = await Program.compile(device, {
      outputs: [
        retrieval(
          input("scores", [rows, columns]),
          input("isPositive", [rows, columns]),
        ),
      ],
    });
    const evaluate = async (
      scores: Float32Array<ArrayBuffer>,
      isPositive: Float32Array<ArrayBuffer>,
    ) => {
      await poison(device);
      const [[share]] = await program.evaluate({ scores, isPositive });
      return share;
    };
    const scores = randomArray(rows * columns, -9, 3);
    const isPositive = Float32Array.from(
      scores,
      () => randomNumber() < -0.5 ? 1 : 0,
    );
    let hits = 0;
    for (let start = 0; start < scores.length; start += columns) {
      const row = scores.subarray(start, start + columns);
      hits += isPositive[start + row.indexOf(Math.max(...row))];
    }
    assertAlmostEquals(await evaluate(scores, isPositive), hits / rows, 1e-6);

    const equal = new Float32Array(scores.length).fill(0.9999995);
    assertEquals(await evaluate(equal, isPositive), 0);
    assertEquals(await evaluate(scores, scores.map(() => 0)), 0);
    // with no negatives there is nothing to be confused with
    assertEquals(await evaluate(scores, scores.map(() => 1)), 1);
    // a positive one that is better by a rounding error alone
    const nearly = equal.map((value, i) => i % columns === 3 ? 1 : value);
    const third = equal.map((_, i) => i % columns === 3 ? 1 : 0);
    assertEquals(await evaluate(nearly, third), 1);
    program.destroy();
  },
);

Deno.test("retrieval: refuses marks of positives that are not one for each score", () => {
  assertThrows(
    () => retrieval(input("scores", [3, 4]), input("isPositive", [4])),
    RangeError,
    "isPositive must be [3,4], not [4]",
  );
});
