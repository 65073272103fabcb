import { assertAlmostEquals } from "@std/assert";
import { gradient } from "../../engine/graph/gradient.ts";
import { square, subtract, tanh } from "../../engine/ops/elementwise.ts";
import { matmul } from "../../engine/ops/matmul.ts";
import { reshape, sliceAxis } from "../../engine/ops/movement.ts";
import { sum } from "../../engine/ops/reduction.ts";
import { Program } from "../../engine/program.ts";
import { input, Storage } from "../../engine/graph/tensor.ts";
import { AdamW, type AdamWOptions } from "../../train/adamw.ts";
import {
  learningRateAt,
  type ScheduleOptions,
} from "../../train/learning_rate.ts";
import { assertClose } from "../engine/compare.ts";
import { testOnDevices } from "../engine/devices.ts";
import { type FixtureArray, readFixture } from "../fixtures/read.ts";
import { randomArray } from "../random.ts";

interface Trajectory {
  readonly options: AdamWOptions;
  readonly schedule: ScheduleOptions;
  readonly x: FixtureArray;
  readonly y: FixtureArray;
  readonly start: FixtureArray;
  /** Parameters after each step. */
  readonly trajectory: FixtureArray;
  readonly losses: FixtureArray;
  readonly gradientNorms: FixtureArray;
  readonly learningRates: FixtureArray;
  readonly firstMoment: FixtureArray;
  readonly secondMoment: FixtureArray;
}

/**
 * Ten steps in float32 against ten in float64. Adam divides by the root of the mean square, so
 * that a rounding error of 1e-7 of the gradient stays one of about 1e-7 of a step; over ten steps of
 * 0.1 at most some 1e-6 gathers. A stale step size or correction would be off by 1e-2.
 */
const TOLERANCE = 1e-5;

for (const fixture of readFixture<Trajectory[]>("adamw")) {
  const { options, schedule } = fixture;
  testOnDevices(
    `AdamW: ten steps with clipNorm ${options.clipNorm} are those of PyTorch`,
    async (device) => {
      const size = fixture.start.data.length;
      const start = Float32Array.from(fixture.start.data);
      const parameters = new Storage("parameters", size, "f32", start);
      const optimizer = new AdamW(parameters, options);
      const all = parameters.tensor();
      const x = input("x", fixture.x.shape);
      const y = input("y", fixture.y.shape);
      // [8, 3] -> [8, 4] -> [8, 2]
      const hidden = tanh(matmul(x, reshape(sliceAxis(all, 0, 0, 12), [3, 4])));
      const output = matmul(hidden, reshape(sliceAxis(all, 0, 12, 20), [4, 2]));
      const loss = sum(square(subtract(output, y)));
      const [slope] = gradient(loss, [all]);
      const update = optimizer.update(slope, input("optimizer", [3]));
      const program = await Program.compile(device, {
        outputs: [loss, update.gradientNorm],
        assignments: update.assignments,
      });
      for (let step = 0; step < schedule.steps; step++) {
        const learningRate = learningRateAt(step, schedule);
        assertAlmostEquals(
          learningRate,
          fixture.learningRates.data[step],
          1e-8,
        );
        const [lossValue, norm] = await program.evaluate({
          x: Float32Array.from(fixture.x.data),
          y: Float32Array.from(fixture.y.data),
          optimizer: optimizer.feed(step, learningRate),
        });
        const expected = {
          loss: [fixture.losses.data[step]],
          norm: [fixture.gradientNorms.data[step]],
          parameters: fixture.trajectory.data.slice(
            step * size,
            (step + 1) * size,
          ),
        };
        const at = `in step ${step}`;
        assertClose(lossValue, expected.loss, `loss ${at}`, TOLERANCE);
        assertClose(norm, expected.norm, `norm ${at}`, TOLERANCE);
        assertClose(
          await device.read(parameters),
          expected.parameters,
          `parameters ${at}`,
          TOLERANCE,
        );
      }
      const { firstMoment, secondMoment } = optimizer;
      assertClose(
        await device.read(firstMoment),
        fixture.firstMoment.data,
        "first moment",
        TOLERANCE,
      );
      assertClose(
        await device.read(secondMoment),
        fixture.secondMoment.data,
        "second moment",
        TOLERANCE,
      );
      program.destroy();
    },
  );
}

testOnDevices(
  "AdamW: a weight decay below the step of float32 takes its share all the same",
  async (device) => {
    const [size, steps, learningRate, weightDecay] = [4096, 200, 2e-4, 1e-4];
    const ones = new Float32Array(size).fill(1);
    const parameters = new Storage("parameters", size, "f32", ones);
    const optimizer = new AdamW(parameters, {
      weightDecay,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      clipNorm: 0,
    });
    const update = optimizer.update(
      input("gradient", [size]),
      input("optimizer", [3]),
    );
    const program = await Program.compile(device, {
      outputs: [],
      assignments: update.assignments,
    });
    for (let step = 0; step < steps; step++) {
      // what the gradient does to one half it does against the other
      const half = randomArray(size / 2);
      const gradient = Float32Array.from([...half, ...half.map((g) => -g)]);
      await program.run({
        gradient,
        optimizer: optimizer.feed(step, learningRate),
      });
    }
    const values = Array.from(await device.read(parameters), Number);
    const mean = values.reduce((sum, value) => sum + value, 0) / size;
    const expected = (1 - learningRate * weightDecay) ** steps;
    assertAlmostEquals(mean, expected, (1 - expected) / 10);
    program.destroy();
  },
);
