import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertThrows,
} from "@std/assert";
import { alone } from "../../engine/communicator.ts";
import { constant, input } from "../../engine/graph/tensor.ts";
import { RandomSource } from "../../engine/ops/random.ts";
import { Program } from "../../engine/program.ts";
import { Context } from "../../layers/context.ts";
import { State } from "../../layers/state.ts";
import { testOnDevices } from "../engine/devices.ts";
import { localCommunicators } from "../engine/local_communicators.ts";
import { randomWord } from "../random.ts";

Deno.test("Context: trains with random numbers, and has none in an evaluation", () => {
  const x = input("x", [8]);
  const evaluation = new Context();
  assertEquals(evaluation.training, false);
  assertEquals(evaluation.dropout(x, 0.5), x);
  assertThrows(() => evaluation.random, Error, "no random numbers");
  const training = new Context(new RandomSource(input("key", [2], "u32")));
  assertEquals(training.training, true);
  assertEquals(training.random.uniform([3]).shape, [3]);
  assert(training.dropout(x, 0.5) !== x);
});

Deno.test("Context: a state has its latest value, of its shape, and the last one is assigned", () => {
  const context = new Context();
  const state = new State("s", [2, 3], 0);
  assertEquals(context.value(state).shape, [2, 3]);
  assertEquals(context.assignments, []);
  const [first, second] = [constant(1, [2, 3]), constant(2, [2, 3])];
  context.update(state, first);
  assertEquals(context.value(state), first);
  context.update(state, second);
  assertEquals(context.assignments, [{
    storage: state.storage,
    value: second,
  }]);
});

Deno.test("Context: substitutes stand in for states within a part of the pass, even if it fails", () => {
  const context = new Context();
  const [state, other, substitute] = ["state", "other", "substitute"]
    .map((name) => new State(name, [1], 0));
  const [own, replaced] = [constant(1, [1]), constant(2, [1])];
  context.update(state, own);
  const result = context.substituting(new Map([[state, substitute]]), () => {
    context.update(state, replaced);
    assertEquals(context.value(state), replaced);
    context.update(other, own);
    return "result";
  });
  assertEquals(result, "result");
  assertEquals(context.value(state), own);
  assertEquals(context.value(substitute), replaced);
  assertEquals(context.value(other), own);
  assertThrows(() =>
    context.substituting(new Map([[state, substitute]]), () => {
      throw new Error();
    })
  );
  assertEquals(context.value(state), own);
});

testOnDevices(
  "Context: dropout keeps the mean and drops its share",
  async (device) => {
    const context = new Context(new RandomSource(input("key", [2], "u32")));
    const dropped = context.dropout(constant(1, [200, 500]), 0.1);
    const program = await Program.compile(device, { outputs: [dropped] });
    const seed = randomWord();
    for (const step of [0, 1]) {
      const [values] = await program.evaluate({
        key: new Uint32Array([seed, step]),
      });
      const zeros = values.filter((value) => value === 0).length;
      // 100000 draws: the deviation of the share is 0.001
      assertAlmostEquals(zeros / values.length, 0.1, 0.006);
      const sum = (values as Float32Array).reduce(
        (sum, value) => sum + value,
        0,
      );
      assertAlmostEquals(sum / values.length, 1, 0.006);
    }
    program.destroy();
  },
);

Deno.test("Context.update: refuses a value of another shape", () => {
  const state = new State("mean", [3], 0);
  assertThrows(
    () => new Context().update(state, input("x", [1, 3])),
    RangeError,
    "state mean: a new value must be [3], not [1,3]",
  );
});

Deno.test("Context: is of one process unless it is shared, and statistics are common only where that is asked for", () => {
  const [communicator] = localCommunicators(2);
  const sharing = { communicator, synchronizesStatistics: true };
  const random = new RandomSource(input("key", [2], "u32"));
  for (
    const [context, all, statistics] of [
      [new Context(random), alone, alone],
      [new Context(random, sharing), communicator, communicator],
      [
        new Context(random, { ...sharing, synchronizesStatistics: false }),
        communicator,
        alone,
      ],
    ] as const
  ) {
    assertEquals(context.communicator, all);
    assertEquals(context.statisticsCommunicator, statistics);
  }
});

Deno.test("Context.differs: names the storages whose new values are of this process alone", () => {
  const [own, common] = ["own", "common"].map((name) =>
    new State(name, [3], 0)
  );
  const context = new Context();
  context.update(own, constant(1, [3]), true);
  context.update(common, constant(1, [3]));
  assertEquals(context.differs(own.storage), true);
  assertEquals(context.differs(common.storage), false);
  const substitute = new State("substitute", [3], 0);
  context.substituting(
    new Map([[common, substitute]]),
    () => context.update(common, constant(1, [3]), true),
  );
  assertEquals(context.differs(substitute.storage), true);
  assertEquals(context.differs(common.storage), false);
});
