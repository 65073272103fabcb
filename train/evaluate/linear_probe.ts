import type { Device } from "../../engine/devices/device.ts";
import { type Accuracy, accuracyOf } from "./accuracy.ts";
import { type LabelledFeatures, selectRows } from "./features.ts";
import { type LinearWeights, LogisticRegression } from "./linear_classifier.ts";
import { holdOut } from "./splits.ts";

/** Share of the labelled training images that chooses the penalty, as in the paper (section 4.1). */
export const HELD_OUT = 0.1;

/** The penalties that are tried, in this order: a weaker one begins where the stronger one ended. */
export const PENALTIES = [1, 1e-1, 1e-2, 1e-3, 1e-4] as const;

/** What a linear classifier finds in features. */
export interface LinearProbeResult extends Accuracy {
  /** Weight of the L2 penalty that was chosen. */
  readonly penalty: number;
  /** Accuracy on the held-out images with it. */
  readonly heldOutAccuracy: number;
  /** Number of training images that it was fitted to. */
  readonly fitted: number;
  /** Number of training images that were held out to choose the penalty. */
  readonly heldOut: number;
}

/**
 * Accuracy on the test images of a linear classifier (see {@linkcode LogisticRegression}) that is
 * fitted to 90 % of the training images. The other 10 % choose the penalty: the strongest of those
 * with the best accuracy; weaker ones are no longer tried once they do worse by a standard error.
 * The test images are classified once, at the end.
 *
 * @param train At least two images.
 * @param test At least one image.
 * @param seed Chooses the images that are held out.
 * @throws The reason of `signal` if it stopped the work.
 */
export async function linearProbe(
  device: Device,
  train: LabelledFeatures,
  test: LabelledFeatures,
  seed: number,
  signal?: AbortSignal,
): Promise<LinearProbeResult> {
  const { training, heldOut } = holdOut(train.labels, HELD_OUT, seed);
  const regression = await LogisticRegression.compile(
    device,
    selectRows(train, training),
  );
  try {
    const { weights, ...choice } = await chooseWeights(
      regression,
      selectRows(train, heldOut),
      signal,
    );
    const predictions = await regression.classify(weights, test);
    return {
      ...accuracyOf(predictions, test.labels),
      ...choice,
      fitted: training.length,
      heldOut: heldOut.length,
    };
  } finally {
    regression.destroy();
  }
}

interface Choice {
  readonly weights: LinearWeights;
  readonly penalty: number;
  readonly heldOutAccuracy: number;
}

async function chooseWeights(
  regression: LogisticRegression,
  heldOut: LabelledFeatures,
  signal?: AbortSignal,
): Promise<Choice> {
  let best: Choice | undefined;
  for (const penalty of PENALTIES) {
    const weights = await regression.fit(penalty, signal);
    const { accuracy, standardError } = accuracyOf(
      await regression.classify(weights, heldOut),
      heldOut.labels,
    );
    if (!best || accuracy > best.heldOutAccuracy) {
      best = { weights, penalty, heldOutAccuracy: accuracy };
    } else if (accuracy < best.heldOutAccuracy - standardError) break;
  }
  return best!;
}
