import { assertEquals, assertThrows } from "@std/assert";
import { alone, type Communicator } from "../../../engine/communicator.ts";
import { gradient } from "../../../engine/graph/gradient.ts";
import { input, Storage, type Tensor } from "../../../engine/graph/tensor.ts";
import {
  allGather,
  allMean,
  allReduce,
} from "../../../engine/ops/collective.ts";
import {
  add,
  cast,
  divide,
  multiply,
  square,
} from "../../../engine/ops/elementwise.ts";
import { sum } from "../../../engine/ops/reduction.ts";
import { Program } from "../../../engine/program.ts";
import { assertClose } from "../compare.ts";
import { testOnDevices, testOnWasm, testOnWebGpu } from "../devices.ts";
import { localCommunicators, onRanks } from "../local_communicators.ts";

const RANKS = 3;
/** What each rank feeds, `[2, 2]`. */
const fed = (rank: number) =>
  Float32Array.of(1, -2, 3, 0.5).map((x) => x + rank);

/** Evaluates a graph of `x` on all ranks; gives the outputs of each. */
function evaluate(
  device: Parameters<typeof onRanks>[0],
  graph: (x: Tensor, communicator: Communicator) => Tensor[],
) {
  return onRanks(device, RANKS, async (device, communicator) => {
    const x = input("x", [2, 2]);
    const program = await Program.compile(device, {
      outputs: graph(x, communicator),
    });
    const results = await program.evaluate({ x: fed(communicator.rank) });
    program.destroy();
    return results.map((values) => [...values]);
  });
}

testOnDevices(
  "allReduce, allGather: give every rank the sum, and all parts in order",
  async (device) => {
    const results = await evaluate(device, (x, communicator) => {
      const y = multiply(x, 2);
      return [
        add(allReduce(y, communicator), 1),
        add(allGather(y, communicator), 1),
        allGather(cast(x, "i32"), communicator),
        allReduce(sum(x), communicator),
      ];
    });
    const all = Array.from({ length: RANKS }, (_, rank) => [...fed(rank)]);
    const total = all[0].map((_, i) => all.reduce((sum, x) => sum + x[i], 0));
    for (const [reduced, gathered, integers, scalar] of results) {
      assertEquals(reduced, total.map((x) => 2 * x + 1));
      assertEquals(gathered, all.flat().map((x) => 2 * x + 1));
      assertEquals(integers, all.flat().map(Math.trunc));
      assertEquals(scalar, [total.reduce((sum, x) => sum + x)]);
    }
  },
);

testOnDevices(
  "allReduce, allGather: their gradients are those of the losses of all ranks together",
  async (device) => {
    // in the middle of a graph, with a loss that weighs ranks differently
    const lossOf = (y: Tensor, rank: number) =>
      multiply(sum(square(add(y, 0.5))), rank + 1);
    const results = await evaluate(
      device,
      (x, communicator) =>
        [allReduce, allGather].flatMap((exchange) => {
          const y = exchange(multiply(x, 3), communicator);
          return gradient(lossOf(y, communicator.rank), [x]);
        }),
    );
    const weight = 1 + 2 + 3;
    const parts = Array.from({ length: RANKS }, (_, rank) => [...fed(rank)]);
    const total = parts[0].map((_, i) =>
      parts.reduce((sum, x) => sum + x[i], 0)
    );
    results.forEach(([ofReduced, ofGathered], rank) => {
      const slope = (y: number) => 3 * weight * 2 * (y + 0.5);
      assertClose(ofReduced, total.map((x) => slope(3 * x)), "allReduce", 1e-5);
      assertClose(
        ofGathered,
        parts[rank].map((x) => slope(3 * x)),
        "allGather",
        1e-5,
      );
    });
  },
);

testOnDevices(
  "allReduce: several exchanges are under way at once, between kernels that need their memory",
  async (device) => {
    const results = await evaluate(device, (x, communicator) => {
      const sums = Array.from(
        { length: 4 },
        (_, i) => allReduce(multiply(x, i + 1), communicator),
      );
      // as large as what is exchanged, and computed meanwhile
      let y = x;
      for (let i = 0; i < 4; i++) y = divide(y, add(sum(square(y)), 1));
      return [...sums.toReversed(), y];
    });
    const [one] = results;
    const total = [6, -3, 12, 4.5];
    assertEquals(
      one.slice(0, 4),
      [4, 3, 2, 1].map((factor) => total.map((x) => factor * x)),
    );
  },
);

testOnWebGpu(
  "allReduce: exchanges begin in the order of the program, whichever buffer can be read first",
  async (device) => {
    const { mapAsync } = GPUBuffer.prototype;
    let maps = 0;
    GPUBuffer.prototype.mapAsync = async function (mode) {
      const isFirst = maps++ === 0;
      await mapAsync.call(this, mode);
      if (isFirst) await new Promise((resolve) => setTimeout(resolve, 50));
    };
    try {
      const [sums] = await evaluate(
        device,
        (x, communicator) =>
          [1, 2].map((factor) => allReduce(multiply(x, factor), communicator)),
      );
      assertEquals(sums, [[6, -3, 12, 4.5], [12, -6, 24, 9]]);
    } finally {
      GPUBuffer.prototype.mapAsync = mapAsync;
    }
  },
);

testOnDevices(
  "Program.run: steps with exchanges that are asked for at once run one after the other",
  async (device) => {
    const totals = await onRanks(device, 2, async (device, communicator) => {
      const storage = new Storage("total", 1);
      const x = input("x", [1]);
      // the old value is exchanged, and may not be overwritten before
      const program = await Program.compile(device, {
        assignments: [{
          storage,
          value: add(allReduce(storage.tensor(), communicator), x),
        }],
      });
      await Promise.all(
        [1, 2, 3].map((value) => program.run({ x: Float32Array.of(value) })),
      );
      const [total] = await device.read(storage);
      program.destroy();
      device.release(storage);
      return total;
    });
    // 1; 2 * 1 + 2; 2 * 4 + 3
    assertEquals(totals, [11, 11]);
  },
);

testOnWasm(
  "Program.firstNonFinite: goes on with the exchanges that other processes wait for",
  async (device) => {
    const culprits = await onRanks(device, 2, async (device, communicator) => {
      const x = input("x", [2]);
      const program = await Program.compile(device, {
        outputs: [allReduce(divide(1, x), communicator)],
      });
      const zero = communicator.rank === 0 ? 0 : 1;
      const culprit = await program.firstNonFinite({
        x: Float32Array.of(1, zero),
      });
      program.destroy();
      return culprit;
    });
    assertEquals(culprits, ["divide [2]", "allReduce [2]"]);
  },
);

Deno.test("allReduce, allGather, allMean: a process by itself exchanges nothing", () => {
  const x = input("x", [2, 2]);
  assertEquals(allReduce(x, alone), x);
  assertEquals(allGather(x, alone), x);
  assertEquals(allMean([x], alone), [x]);
});

Deno.test("allReduce, allGather: refuse what they cannot take", () => {
  const [communicator] = localCommunicators(2);
  assertThrows(
    () => allReduce(input("x", [2], "i32"), communicator),
    TypeError,
    "allReduce cannot take i32",
  );
  assertThrows(
    () => allGather(input("x", [2], "u8"), communicator),
    TypeError,
    "allGather cannot take u8",
  );
  assertThrows(
    () => allGather(input("x", []), communicator),
    RangeError,
    "allGather needs a tensor of rows",
  );
});
