import { assertEquals, assertRejects } from "@std/assert";
import { input, Storage } from "../../engine/graph/tensor.ts";
import { allReduce } from "../../engine/ops/collective.ts";
import { add, exp, multiply } from "../../engine/ops/elementwise.ts";
import { materialize } from "../../engine/ops/materialize.ts";
import { matmul } from "../../engine/ops/matmul.ts";
import { concatenate, reshape } from "../../engine/ops/movement.ts";
import { Program } from "../../engine/program.ts";
import { testOnDevices } from "./devices.ts";
import { onRanks } from "./local_communicators.ts";

testOnDevices(
  "Program.evaluate: fifty calls at once get their own results, beside those of another program",
  async (device) => {
    const x = input("x", [3]);
    // several kernels, so that there is something to come between
    const doubled = await Program.compile(device, {
      outputs: [
        materialize(multiply(x, 2)),
        add(materialize(multiply(x, 3)), 1),
      ],
    });
    const negated = await Program.compile(device, {
      outputs: [multiply(x, -1)],
    });
    const feed = (i: number) => ({ x: new Float32Array([i, i + 0.5, -i]) });
    const results = await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        const [pair, [opposite]] = await Promise.all([
          doubled.evaluate(feed(i)),
          negated.evaluate(feed(i)),
          // a step without a reader
          doubled.run(feed(-1000)),
        ]);
        return [...pair, opposite].map((values) => values[1]);
      }),
    );
    doubled.destroy();
    negated.destroy();
    assertEquals(
      results,
      Array.from({ length: 50 }, (_, i) => {
        const value = i + 0.5;
        return [2 * value, 3 * value + 1, -value];
      }),
    );
  },
);

testOnDevices(
  "Program.evaluate: a call that is refused leaves those after it alone",
  async (device) => {
    const x = input("x", [2]);
    const program = await Program.compile(device, { outputs: [add(x, 1)] });
    const refused = program.evaluate({ x: new Float32Array(3) });
    const later = program.evaluate({ x: new Float32Array([1, 2]) });
    await assertRejects(() => refused, RangeError, "x needs 2 values, not 3");
    await assertRejects(() => program.run(), RangeError, "not none");
    assertEquals([...(await later)[0]], [2, 3]);
    program.destroy();
  },
);

testOnDevices(
  "Program.evaluate: feeds a program without kernels too",
  async (device) => {
    const x = input("x", [3]);
    const outputs = [x, reshape(x, [1, 3])];
    const program = await Program.compile(device, { outputs });
    const values = new Float32Array([1, 2, 3]);
    assertEquals(await program.evaluate({ x: values }), [values, values]);
    program.destroy();
  },
);

testOnDevices(
  "Program: assigns a concatenation within another to a storage",
  async (device) => {
    const storage = new Storage("storage", 192);
    const shapes = { a: [8, 5], b: [8, 5], w: [5, 8], c: [8, 8] };
    const [a, b, w, c] = Object.entries(shapes).map(([name, shape]) =>
      input(name, shape)
    );
    const inner = concatenate([matmul(a, w), matmul(b, w)]);
    const program = await Program.compile(device, {
      assignments: [{ storage, value: concatenate([inner, multiply(c, 7)]) }],
    });
    const filled = (size: number, value: number) =>
      new Float32Array(size).fill(value);
    await program.run({
      a: filled(40, 1),
      b: filled(40, 2),
      w: filled(40, 1),
      c: filled(64, 1),
    });
    const expected = [5, 10, 7].map((value) => filled(64, value));
    assertEquals(
      await device.read(storage),
      new Float32Array(expected.flatMap((values) => [...values])),
    );
    program.destroy();
    device.release(storage);
  },
);

testOnDevices(
  "Program: storages are read and written between the steps before and after, whether these were awaited or not",
  async (device) => {
    const counter = new Storage("counter", 1);
    const program = await Program.compile(device, {
      assignments: [{ storage: counter, value: add(counter.tensor(), 1) }],
    });
    const before = device.read(counter);
    const step = program.run();
    assertEquals([...await before], [0]);
    await step;
    const written = device.write(counter, new Float32Array([10]));
    await Promise.all([written, program.run()]);
    assertEquals([...await device.read(counter)], [11]);
    const evaluated = program.evaluate();
    const later = program.run();
    assertEquals([...await device.read(counter)], [13]);
    await Promise.all([evaluated, later]);
    program.destroy();
    device.release(counter);
  },
);

testOnDevices(
  "Program: storages are read after steps with exchanges",
  async (device) => {
    const counts = await onRanks(device, 2, async (device, communicator) => {
      const names = ["sum", "counter"];
      const [sum, counter] = names.map((name) => new Storage(name, 1));
      const program = await Program.compile(device, {
        assignments: [
          {
            storage: sum,
            value: allReduce(add(sum.tensor(), 1), communicator),
          },
          { storage: counter, value: add(counter.tensor(), 1) },
        ],
      });
      const step = program.run();
      const read = [device.read(sum), device.read(counter)];
      const contents = await Promise.all(read);
      await step;
      program.destroy();
      [sum, counter].forEach((storage) => device.release(storage));
      return contents.map(([value]) => value);
    });
    assertEquals(counts, [[2, 1], [2, 1]]);
  },
);

testOnDevices(
  "Program.firstNonFinite: names the first kernel whose result is not finite",
  async (device) => {
    const storage = new Storage("total", 2);
    const x = input("x", [2]);
    const large = materialize(exp(x));
    const program = await Program.compile(device, {
      assignments: [{
        storage,
        value: add(storage.tensor(), materialize(multiply(large, 2))),
      }],
    });
    const feed = (value: number) => ({ x: new Float32Array([0, value]) });
    assertEquals(await program.firstNonFinite(feed(1000)), "exp [2]");
    assertEquals(await program.firstNonFinite(feed(1)), undefined);
    program.destroy();
    device.release(storage);
  },
);

testOnDevices(
  "Program.firstNonFinite: passes over a block that an earlier step left in a result of several kernels",
  async (device) => {
    const x = input("x", [2, 3]);
    const y = input("y", [2, 3]);
    const program = await Program.compile(device, {
      outputs: [
        concatenate([exp(x), add(y, 1)], 1),
        multiply(materialize(y), 2),
      ],
    });
    const zeros = new Float32Array(6);
    const feeds = { x: zeros, y: new Float32Array(6).fill(NaN) };
    await program.run(feeds);
    // now the product alone overflows
    assertEquals(
      await program.firstNonFinite({
        x: zeros,
        y: new Float32Array(6).fill(3e38),
      }),
      "multiply [2,3]",
    );
    program.destroy();
  },
);

testOnDevices(
  "Program.evaluate: gives its own results while another program is compiled that needs more memory",
  async (device) => {
    const x = input("x", [4]);
    const small = await Program.compile(device, { outputs: [add(x, 1)] });
    const storage = new Storage("between", 1000);
    const results = small.evaluate({ x: new Float32Array([1, 2, 3, 4]) });
    const large = Program.compile(device, {
      outputs: [materialize(add(input("y", [300_007]), storage.tensor([1])))],
    });
    assertEquals([...(await results)[0]], [2, 3, 4, 5]);
    (await large).destroy();
    small.destroy();
    device.release(storage);
  },
);
