import { permute } from "../../engine/ops/movement.ts";
import { cast, square, subtract } from "../../engine/ops/elementwise.ts";
import { sum } from "../../engine/ops/reduction.ts";
import { BatchNorm } from "../../layers/norm.ts";
import { packParameters } from "../../layers/packing.ts";
import { Parameter } from "../../layers/parameter.ts";
import { learningRateAt } from "../../train/learning_rate.ts";
import { captureState } from "../../train/run/training_state.ts";
import { traceObjective, TrainingStep } from "../../train/training_step.ts";
import { assertClose } from "../engine/compare.ts";
import { testOnDevices } from "../engine/devices.ts";
import { NaiveRandom } from "../layers/naive_random.ts";
import { randomBytes } from "../random.ts";

const optimizer = {
  learningRate: 0.1,
  weightDecay: 0.5,
  beta1: 0.8,
  beta2: 0.9,
  epsilon: 1e-2,
  clipNorm: 0.7,
};
const config = {
  ...{ seed: 11, batchSize: 4, views: 1, optimizer },
  ...{ warmupSteps: 2, steps: 6 },
};
const IMAGE_SIZE = 2;
const WEIGHTS = 3;

/** Channel `c` of the pixels of images. */
function channel(images: Uint8Array, c: number): number[] {
  const area = IMAGE_SIZE ** 2;
  return [...images].filter((_, i) => Math.floor(i / area) % 3 === c);
}

const mean = (values: readonly number[]) =>
  values.reduce((total, value) => total + value, 0) / values.length;

testOnDevices(
  "TrainingStep: random numbers, learning rate, clipping, decay and running statistics of each step are those of a naive training",
  async (device) => {
    const weight = new Parameter([WEIGHTS], { constant: 0.25 });
    const model = { weight, norm: new BatchNorm(3) };
    const parameters = packParameters(model, config.seed);
    const traced = traceObjective({
      ...{ config, parameters, imageSize: IMAGE_SIZE },
      augmentation: {
        size: IMAGE_SIZE,
        preprocessing: { resize: 2, crop: 2, mean: [], std: [] },
        // [n, 3, height, width] -> [n, height, width, 3]
        train: (images) => permute(cast(images, "f32"), [0, 2, 3, 1]),
        evaluate: (images) => images,
      },
      // the random numbers are what the weights are drawn to
      objective: (images, context) => {
        model.norm.forward(images, context);
        const targets = context.random.uniform([WEIGHTS]);
        const loss = sum(square(subtract(weight.tensor, targets)));
        return { loss, metrics: { targets: sum(targets) } };
      },
    });
    const step = await TrainingStep.compileTraced(device, config, traced);

    const w = Array<number>(WEIGHTS).fill(0.25);
    const [m, v] = [w.map(() => 0), w.map(() => 0)];
    const [means, variances] = [[0, 0, 0], [1, 1, 1]];
    for (let t = 0; t < config.steps; t++) {
      const images = randomBytes(config.batchSize * 3 * IMAGE_SIZE ** 2);
      await step.run(t, images);

      const targets = new NaiveRandom(config.seed, t).uniform(WEIGHTS);
      const gradient = w.map((value, i) => 2 * (value - targets[i]));
      const norm = Math.hypot(...gradient);
      const rate = learningRateAt(t, { ...optimizer, ...config });
      const { beta1, beta2, epsilon, clipNorm, weightDecay } = optimizer;
      const clip = Math.min(1, clipNorm / norm);
      for (const [i, slope] of gradient.entries()) {
        m[i] += (1 - beta1) * (clip * slope - m[i]);
        v[i] += (1 - beta2) * ((clip * slope) ** 2 - v[i]);
        const first = m[i] / (1 - beta1 ** (t + 1));
        const second = v[i] / (1 - beta2 ** (t + 1));
        w[i] -= rate *
          (first / (Math.sqrt(second) + epsilon) + weightDecay * w[i]);
      }
      for (let c = 0; c < 3; c++) {
        const values = channel(images, c);
        const average = mean(values);
        const squares = values.map((value) => (value - average) ** 2);
        const variance = mean(squares) * values.length / (values.length - 1);
        means[c] = 0.9 * means[c] + 0.1 * average;
        variances[c] = 0.9 * variances[c] + 0.1 * variance;
      }

      const [numbers] = await step.metrics(t, t + 1);
      const shown = [numbers.targets, numbers.gradientNorm];
      assertClose(shown, [targets.reduce((a, b) => a + b), norm], `${t}`);
      const state = await captureState(device, {
        ...{ model, parameters },
        optimizer: step.optimizer,
      });
      const expected = {
        weight: w,
        "optimizer.firstMoment.weight": m,
        "optimizer.secondMoment.weight": v,
        "norm.mean": means,
        "norm.variance": variances,
      };
      for (const [name, values] of Object.entries(expected)) {
        assertClose(state[name].data, values, `${name} after step ${t}`);
      }
    }
    step.destroy();
  },
);
