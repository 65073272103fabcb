import type { Device } from "../../engine/devices/device.ts";
import { gradient } from "../../engine/graph/gradient.ts";
import { input, Storage, type Tensor } from "../../engine/graph/tensor.ts";
import { matmul } from "../../engine/ops/contraction.ts";
import {
  add,
  cast,
  equal,
  exp,
  iota,
  log,
  multiply,
  select,
  stopGradient,
  subtract,
} from "../../engine/ops/elementwise.ts";
import { concatenate, reshape, sliceAxis } from "../../engine/ops/movement.ts";
import { max, sum } from "../../engine/ops/reduction.ts";
import { type Feeds, Program } from "../../engine/program.ts";
import {
  type Features,
  type LabelledFeatures,
  rowBatches,
} from "./features.ts";
import { type Evaluation, minimize } from "./lbfgs.ts";
import { type Standardization, standardizationOf } from "./standardization.ts";

/** Rows that the device takes at a time. */
const MAX_BATCH_ROWS = 2048;

/** Accuracy no longer changes where fitting ends. */
const STOPPING_RULE = { tolerance: 3e-4, maxSteps: 1000 };

/** Weights of a linear classifier, `[width + 1, classes]`; the last row are the biases. */
export type LinearWeights = Float64Array;

/**
 * Multinomial logistic regression with an L2 penalty on rows of features: weights `W` and biases `b`
 * that minimise `mean(cross entropy) + penalty / 2 * ‖W‖²`, the features being standardised by these
 * rows. With `C = 1 / (penalty * rows)` it is what scikit-learn's `LogisticRegression` finds behind
 * a `StandardScaler`. Only classes that occur in the rows are told apart.
 *
 * The device computes loss and gradient, a batch after the other; L-BFGS finds the minimum, without
 * random numbers.
 */
export class LogisticRegression {
  /** Where the next fit begins. */
  #weights: LinearWeights;

  private constructor(
    /** The classes that are told apart, ascending. */
    readonly classes: Uint8Array,
    private readonly device: Device,
    private readonly model: LinearModel,
    private readonly batchRows: number,
    private readonly program: Program,
    private readonly batches: readonly Feeds[],
    /** The gradient, like the weights, and the loss: summed over the batches. */
    private readonly total: Storage,
  ) {
    this.#weights = new Float64Array(model.weights.size);
  }

  /**
   * Prepares fits to `data`, at least one row.
   *
   * @throws {UserError} if the device cannot hold a batch of it.
   */
  static async compile(
    device: Device,
    data: LabelledFeatures,
  ): Promise<LogisticRegression> {
    const classes = Uint8Array.from(new Set(data.labels)).sort();
    const rows = data.labels.length;
    const batchRows = Math.min(rows, MAX_BATCH_ROWS);
    const model = new LinearModel(
      classes.length,
      data.width,
      standardizationOf(data),
    );
    const scores = model.forward(input("x", [batchRows, data.width]));
    const entropies = crossEntropies(
      scores,
      input("targets", [batchRows], "i32"),
    );
    // shares in the mean: 0 for rows that fill up the last batch
    const loss = sum(multiply(entropies, input("shares", [batchRows])));
    const [slopes] = gradient(loss, [model.weights]);
    const values = concatenate([
      reshape(slopes, [slopes.size]),
      reshape(loss, [1]),
    ]);
    const total = new Storage("loss and gradient", values.size);
    const isFirst = equal(input("batch", [], "i32"), 0);
    const program = await Program.compile(device, {
      outputs: [scores],
      assignments: [{
        storage: total,
        value: select(isFirst, values, add(total.tensor(), values)),
      }],
    });
    const targets = data.labels.map((label) => classes.indexOf(label));
    const batches = rowBatches(data, batchRows).map(
      ({ start, count, values }, i): Feeds => {
        const batchTargets = new Int32Array(batchRows);
        batchTargets.set(targets.subarray(start, start + count));
        return {
          x: values,
          targets: batchTargets,
          shares: new Float32Array(batchRows).fill(1 / rows, 0, count),
          batch: new Int32Array([i]),
        };
      },
    );
    return new LogisticRegression(
      classes,
      device,
      model,
      batchRows,
      program,
      batches,
      total,
    );
  }

  /**
   * Finds the weights for a penalty above 0, beginning at those that were found last: quickest from
   * large penalties to small ones.
   *
   * @throws The reason of `signal` if it stopped the search.
   */
  async fit(penalty: number, signal?: AbortSignal): Promise<LinearWeights> {
    const evaluate = async (weights: LinearWeights) => {
      signal?.throwIfAborted();
      return penalize(
        await this.#crossEntropy(weights),
        weights.subarray(0, -this.classes.length),
        penalty,
      );
    };
    this.#weights = await minimize(evaluate, this.#weights, STOPPING_RULE);
    return this.#weights;
  }

  /** The most likely class of each row. */
  async classify(
    weights: LinearWeights,
    features: Features,
  ): Promise<Uint8Array> {
    const { batchRows, classes } = this;
    const predictions = new Uint8Array(features.values.length / features.width);
    await this.model.write(this.device, weights);
    for (const { start, count, values } of rowBatches(features, batchRows)) {
      // what the rows would add to the loss is of no interest
      const [scores] = await this.program.evaluate({
        ...this.batches[0],
        x: values,
      });
      for (let row = 0; row < count; row++) {
        const first = row * classes.length;
        const ofRow = scores.subarray(first, first + classes.length);
        predictions[start + row] = classes[ofRow.indexOf(Math.max(...ofRow))];
      }
    }
    return predictions;
  }

  async #crossEntropy(weights: LinearWeights): Promise<Evaluation> {
    await this.model.write(this.device, weights);
    for (const batch of this.batches) await this.program.run(batch);
    const total = Float64Array.from(await this.device.read(this.total));
    return { value: total[weights.length], gradient: total.subarray(0, -1) };
  }

  /** Frees the device's memory. */
  destroy(): void {
    this.program.destroy();
    this.device.release(this.total);
    this.model.release(this.device);
  }
}

/** Scores of standardised features, with the weights on a device. */
class LinearModel {
  /** `[width + 1, classes]` */
  readonly weights: Tensor;
  readonly #weights: Storage;
  readonly #mean: Storage;
  readonly #scale: Storage;

  constructor(
    classes: number,
    private readonly width: number,
    { mean, scale }: Standardization,
  ) {
    this.#weights = new Storage("linear weights", (width + 1) * classes);
    this.#mean = new Storage("means of features", width, "f32", mean);
    this.#scale = new Storage("scales of features", width, "f32", scale);
    this.weights = this.#weights.tensor([width + 1, classes]);
  }

  /** `[rows, width]` -> `[rows, classes]` */
  forward(x: Tensor): Tensor {
    const { width } = this;
    const standardized = multiply(
      subtract(x, this.#mean.tensor()),
      this.#scale.tensor(),
    );
    return add(
      matmul(standardized, sliceAxis(this.weights, 0, 0, width)),
      sliceAxis(this.weights, 0, width, width + 1),
    );
  }

  write(device: Device, weights: Float64Array): Promise<void> {
    return device.write(this.#weights, Float32Array.from(weights));
  }

  release(device: Device): void {
    for (const storage of [this.#weights, this.#mean, this.#scale]) {
      device.release(storage);
    }
  }
}

/**
 * `-log softmax(scores)` at the target of each row.
 *
 * @param scores `[rows, classes]`
 * @param targets `[rows]`, i32
 * @returns `[rows]`
 */
function crossEntropies(scores: Tensor, targets: Tensor): Tensor {
  const [rows, classes] = scores.shape;
  const shifted = subtract(
    scores,
    stopGradient(max(scores, { axes: [1], keepAxes: true })),
  );
  const isTarget = equal(
    iota([rows, classes], 1),
    reshape(targets, [rows, 1]),
  );
  return subtract(
    log(sum(exp(shifted), { axes: [1] })),
    sum(multiply(shifted, cast(isTarget, "f32")), { axes: [1] }),
  );
}

/** Adds the penalty on `weights`, which leaves the biases behind them alone. */
function penalize(
  { value, gradient }: Evaluation,
  weights: Float64Array,
  penalty: number,
): Evaluation {
  const penalized = gradient.slice();
  let squares = 0;
  weights.forEach((weight, i) => {
    penalized[i] += penalty * weight;
    squares += weight ** 2;
  });
  return { value: value + penalty / 2 * squares, gradient: penalized };
}
