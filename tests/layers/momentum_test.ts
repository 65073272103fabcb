import { assert, assertEquals, assertThrows } from "@std/assert";
import { gradient } from "../../engine/graph/gradient.ts";
import { input, type Storage, type Tensor } from "../../engine/graph/tensor.ts";
import { multiply, square, subtract } from "../../engine/ops/elementwise.ts";
import { RandomSource } from "../../engine/ops/random.ts";
import { mean, sum } from "../../engine/ops/reduction.ts";
import { Program } from "../../engine/program.ts";
import { Context } from "../../layers/context.ts";
import { Linear } from "../../layers/linear.ts";
import { namedStates } from "../../layers/module.ts";
import { Momentum } from "../../layers/momentum.ts";
import { BatchNorm } from "../../layers/norm.ts";
import { flattenGradients, packParameters } from "../../layers/packing.ts";
import { assertClose, poison } from "../engine/compare.ts";
import { testOnDevices } from "../engine/devices.ts";
import { randomArray } from "../random.ts";
import { batchNorm, channelStatistics, linear, type Weights } from "./naive.ts";

const [N, INPUTS, OUTPUTS] = [5, 3, 4];

/** A network and its slow copy. */
class Model {
  readonly network = {
    linear: new Linear(INPUTS, OUTPUTS),
    norm: new BatchNorm(OUTPUTS),
  };
  readonly momentum: Momentum;

  constructor(coefficient = 0.9) {
    this.momentum = new Momentum(this.network, coefficient);
  }

  forward(x: Tensor, context: Context): Tensor {
    const { linear, norm } = this.network;
    return norm.forward(linear.forward(x), context);
  }
}

const trainingContext = () =>
  new Context(new RandomSource(input("key", [2], "u32")));

Deno.test("Momentum: its averages are states that start as copies of the parameters, which alone are packed", () => {
  const model = new Model();
  const { entries, storage } = packParameters(model, 1);
  assertEquals([...entries.keys()], [
    "network.linear.weight",
    "network.linear.bias",
    "network.norm.scale",
    "network.norm.shift",
  ]);
  const states = namedStates(model);
  assertEquals([...states.keys()], [
    "network.norm.mean",
    "network.norm.variance",
    "momentum.averages.linear.weight",
    "momentum.averages.linear.bias",
    "momentum.averages.norm.scale",
    "momentum.averages.norm.shift",
    "momentum.states.norm.mean",
    "momentum.states.norm.variance",
  ]);
  for (const name of ["linear.weight", "norm.scale"]) {
    const { shape, initial } = states.get(`momentum.averages.${name}`)!;
    const entry = entries.get(`network.${name}`)!;
    assertEquals(shape, entry.shape);
    assertEquals(
      initial,
      Float32Array.from(initial, (_, i) => storage.initial![entry.offset + i]),
    );
    assert(initial.some((value) => value !== 0));
  }
});

Deno.test("Momentum: parameters are back in place after a pass, and after one that fails", () => {
  const model = new Model();
  packParameters(model, 1);
  const context = trainingContext();
  const { weight } = model.network.linear;
  const { tensor } = weight;
  model.momentum.run(context, () => {
    assert(weight.tensor !== tensor);
    // within its own pass a copy of the copy is still the copy
    model.momentum.run(context, () => assert(weight.tensor !== tensor));
  });
  assertEquals(weight.tensor === tensor, true);
  assertThrows(
    () =>
      model.momentum.run(context, () => {
        throw new Error("failed pass");
      }),
    Error,
    "failed pass",
  );
  assertEquals(weight.tensor === tensor, true);
  model.forward(input("x", [N, INPUTS]), context);
  const updated = context.assignments.map(({ storage }) => storage);
  assert(updated.includes(model.network.norm.mean.storage));
  assert(!updated.includes(model.momentum.states["norm.mean"].storage));
});

testOnDevices(
  "Momentum: averages follow the parameters of every step (MoCo, Eq. 2), and both passes keep their own running statistics",
  async (device) => {
    const coefficient = 0.75;
    const model = new Model(coefficient);
    const parameters = packParameters(model, 1);
    const { entries, storage } = parameters;
    storage.initial!.set(randomArray(storage.size));
    for (const [name, state] of Object.entries(model.momentum.averages)) {
      const { offset } = entries.get(`network.${name}`)!;
      state.initial.set(
        storage.initial!.subarray(offset, offset + state.initial.length),
      );
    }
    const context = trainingContext();
    const x = input("x", [N, INPUTS]);
    const query = model.forward(x, context);
    model.momentum.update(context);
    const key = model.momentum.run(context, () => model.forward(x, context));
    const target = input("target", [N, OUTPUTS]);
    const slopes = gradient(
      mean(square(subtract(multiply(query, key), target))),
      parameters.tensors,
    );
    await poison(device);
    const program = await Program.compile(device, {
      outputs: [
        key,
        flattenGradients(slopes),
        flattenGradients(
          gradient(sum(multiply(key, target)), parameters.tensors),
        ),
      ],
      assignments: [
        {
          storage,
          value: subtract(
            storage.tensor(),
            multiply(flattenGradients(slopes), 0.5),
          ),
        },
        ...context.assignments,
      ],
    });
    const states = namedStates(model);
    const read = async (from: Storage) =>
      Float64Array.from(await device.read(from));

    const averages = new Map<string, Float64Array>();
    const statistics = new Map(
      ["network", "momentum.states"].map((pass) => [pass, {
        mean: new Float64Array(OUTPUTS),
        variance: new Float64Array(OUTPUTS).fill(1),
      }]),
    );
    for (let step = 0; step < 4; step++) {
      const packed = step === 0
        ? Float64Array.from(storage.initial!)
        : await read(storage);
      const feeds = {
        x: randomArray(x.size),
        target: randomArray(target.size),
      };
      const [keys, slope, keySlope] = await program.evaluate(feeds);
      assert(slope.some((value) => value !== 0));
      assertEquals(keySlope, new Float32Array(storage.size));
      for (const name of Object.keys(model.momentum.averages)) {
        const { offset } = entries.get(`network.${name}`)!;
        const { size } = states.get(`momentum.averages.${name}`)!.storage;
        const value = packed.slice(offset, offset + size);
        const old = averages.get(name) ?? value;
        averages.set(
          name,
          old.map((a, i) => coefficient * a + (1 - coefficient) * value[i]),
        );
        assertClose(
          await read(states.get(`momentum.averages.${name}`)!.storage),
          averages.get(name)!,
          `average of ${name} after step ${step}`,
          1e-6,
        );
      }
      const passes: [string, Weights][] = [
        ["network", (name) => {
          const { offset, shape } = entries.get(`network.${name}`)!;
          const size = shape.reduce((a, b) => a * b);
          return packed.subarray(offset, offset + size);
        }],
        ["momentum.states", (name) => averages.get(name)!],
      ];
      for (const [pass, weights] of passes) {
        const hidden = linear(
          Float64Array.from(feeds.x),
          (name) => weights(`linear.${name}`),
        );
        if (pass !== "network") {
          const expected = batchNorm(hidden, (name) => weights(`norm.${name}`));
          assertClose(keys, expected, `keys of step ${step}`, 1e-4);
        }
        const batch = channelStatistics(hidden, OUTPUTS);
        const running = statistics.get(pass)!;
        const unbiased = batch.variance.map((value) => value * N / (N - 1));
        running.mean = running.mean.map((value, i) =>
          0.9 * value + 0.1 * batch.mean[i]
        );
        running.variance = running.variance.map((value, i) =>
          0.9 * value + 0.1 * unbiased[i]
        );
        const prefix = pass === "network" ? "network.norm" : `${pass}.norm`;
        for (const statistic of ["mean", "variance"] as const) {
          assertClose(
            await read(states.get(`${prefix}.${statistic}`)!.storage),
            running[statistic],
            `${prefix}.${statistic} after step ${step}`,
          );
        }
      }
    }
    program.destroy();
    for (const used of [{ storage }, ...states.values()]) {
      device.release(used.storage);
    }
  },
);

testOnDevices(
  "Momentum: an average that has arrived stays there, however slow it is",
  async (device) => {
    const model = new Model(1 - 1e-6);
    packParameters(model, 1);
    const context = trainingContext();
    model.momentum.update(context);
    const program = await Program.compile(device, {
      outputs: [],
      assignments: context.assignments,
    });
    const { storage } = model.momentum.averages["linear.weight"];
    for (let step = 0; step < 100; step++) await program.run();
    assertEquals([...await device.read(storage)], [...storage.initial!]);
    program.destroy();
  },
);
