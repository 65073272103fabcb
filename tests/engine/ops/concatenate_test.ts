import { assertEquals } from "@std/assert";
import { materialize, negate } from "../../../engine/ops/elementwise.ts";
import { concatenate } from "../../../engine/ops/movement.ts";
import { Program } from "../../../engine/program.ts";
import { input } from "../../../engine/graph/tensor.ts";
import { randomArray } from "../../random.ts";
import { testOnDevices } from "../devices.ts";

testOnDevices(
  "a result may occur more than once in what is concatenated",
  async (device) => {
    // of a size at which results are computed in place
    const size = 64;
    const results = [0, 1].map((i) =>
      materialize(negate(input(`x${i}`, [size])))
    );
    const order = [0, 1, 0, 0, 1];
    const program = await Program.compile(device, {
      outputs: [concatenate(order.map((i) => results[i]))],
    });
    const [x0, x1] = [randomArray(size), randomArray(size)];
    const [found] = await program.evaluate({ x0, x1 });
    program.destroy();
    const expected = order.flatMap((i) => [...[x0, x1][i].map((x) => -x)]);
    assertEquals([...found], expected);
  },
);
