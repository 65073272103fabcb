import type { Device } from "../../engine/devices/device.ts";
import { gradient } from "../../engine/graph/gradient.ts";
import { input, Storage, type Tensor } from "../../engine/graph/tensor.ts";
import { matmul } from "../../engine/ops/matmul.ts";
import {
  add,
  cast,
  equal,
  exp,
  log,
  multiply,
  select,
  subtract,
} from "../../engine/ops/elementwise.ts";
import { stopGradient } from "../../engine/ops/gradient_flow.ts";
import { iota } from "../../engine/ops/iota.ts";
import { concatenate, reshape, sliceAxis } from "../../engine/ops/movement.ts";
import { max, sum } from "../../engine/ops/reduction.ts";
import { type Feeds, Program } from "../../engine/program.ts";
import {
  type Features,
  type LabelledFeatures,
  rowBatches,
} from "./features.ts";
import { type Evaluation, minimize } from "./lbfgs.ts";
import {
  type Standardization,
  standardizationOf,
  standardize,
} from "./standardization.ts";

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
  /** Where the next fit starts. */
  #weights: LinearWeights;

  private constructor(
    /** The classes that are told apart, ascending. */
    readonly classes: Uint32Array,
    private readonly device: Device,
    private readonly standardization: Standardization,
    private readonly batchRows: number,
    private readonly program: Program,
    private readonly batches: readonly Feeds[],
    private readonly storages: Storages,
  ) {
    this.#weights = new Float64Array(storages.weights.size);
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
    const classes = Uint32Array.from(new Set(data.labels)).sort();
    const rows = data.labels.length;
    const batchRows = Math.min(rows, MAX_BATCH_ROWS);
    const { width } = data;
    const storage = new Storage("linear weights", (width + 1) * classes.length);
    const weights = storage.tensor([width + 1, classes.length]);
    // [batchRows, width] -> [batchRows, classes]
    const scores = add(
      matmul(input("x", [batchRows, width]), sliceAxis(weights, 0, 0, width)),
      sliceAxis(weights, 0, width, width + 1),
    );
    const entropies = crossEntropies(
      scores,
      input("targets", [batchRows], "i32"),
    );
    // shares in the mean: 0 for rows that fill up the last batch
    const loss = sum(multiply(entropies, input("shares", [batchRows])));
    const [slopes] = gradient(loss, [weights]);
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
    const standardization = standardizationOf(data);
    const targets = data.labels.map((label) => classes.indexOf(label));
    const batches = rowBatches(standardize(data, standardization), batchRows)
      .map(
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
      standardization,
      batchRows,
      program,
      batches,
      { weights: storage, total },
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
  ): Promise<Uint32Array> {
    const { batchRows, classes } = this;
    const standardized = standardize(features, this.standardization);
    const predictions = new Uint32Array(
      features.values.length / features.width,
    );
    await this.#write(weights);
    for (
      const { start, count, values } of rowBatches(standardized, batchRows)
    ) {
      // the loss of these rows is not needed
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
    await this.#write(weights);
    for (const batch of this.batches) await this.program.run(batch);
    const total = Float64Array.from(
      await this.device.read(this.storages.total),
    );
    return { value: total[weights.length], gradient: total.subarray(0, -1) };
  }

  #write(weights: LinearWeights): Promise<void> {
    return this.device.write(this.storages.weights, Float32Array.from(weights));
  }

  /** Frees the device's memory. */
  destroy(): void {
    this.program.destroy();
    this.device.release(this.storages.weights);
    this.device.release(this.storages.total);
  }
}

/** What lies on the device. */
interface Storages {
  readonly weights: Storage;
  /** The gradient, like the weights, and the loss: summed over the batches. */
  readonly total: Storage;
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
