/** The terms whose targets several processes share: together they have the loss of one. */
import { assert } from "@std/assert";
import { alone, type Communicator } from "../../engine/communicator.ts";
import type { Device } from "../../engine/devices/device.ts";
import { gradient } from "../../engine/graph/gradient.ts";
import { input, type Shape, type Tensor } from "../../engine/graph/tensor.ts";
import { Program } from "../../engine/program.ts";
import { allpLoss } from "../../losses/allp.ts";
import { imageLoss } from "../../losses/image.ts";
import { maskedPatchLoss } from "../../losses/masked_patch.ts";
import type { LossValue } from "../../losses/term.ts";
import { assertClose } from "../engine/compare.ts";
import { testOnWasm } from "../engine/devices.ts";
import { onRanks } from "../engine/local_communicators.ts";
import { unitRows } from "./check.ts";

const RANKS = 2;
/** Images of all ranks; two views of each instance. */
const N = 8;
const WIDTH = 6;
const contrastive = {
  normalizer: "balanced",
  temperature: 0.2,
  positives: "outside",
  negatives: "batch",
} as const;

interface SharedCase {
  readonly shapes: readonly Shape[];
  readonly loss: (
    inputs: readonly Tensor[],
    locations: Tensor,
    communicator: Communicator,
  ) => LossValue;
}

const cases: Readonly<Record<string, SharedCase>> = {
  ...Object.fromEntries(
    (["all", "masked"] as const).flatMap((candidates) =>
      (["nce", "infoNce"] as const).map((form): [string, SharedCase] => [
        `maskedPatchLoss, ${candidates}, ${form}`,
        {
          shapes: [[N, 2, WIDTH], [N, 4, WIDTH]],
          loss: ([predictions, targets], locations, communicator) =>
            maskedPatchLoss(
              { predictions, targets, locations, views: 2 },
              { candidates, ...contrastive, form },
              communicator,
            ),
        },
      ])
    ),
  ),
  "imageLoss": {
    shapes: [[N, WIDTH], [N, WIDTH]],
    loss: ([predictions, targets], _locations, communicator) =>
      imageLoss(
        { predictions, targets, views: 2 },
        { ...contrastive, form: "nce" },
        communicator,
      ),
  },
  ...Object.fromEntries((["softmax", "rescaled"] as const).map((score) => [
    `allpLoss, ${score}`,
    {
      shapes: [[N, WIDTH]],
      loss: ([vectors], _locations, communicator) =>
        allpLoss(
          { vectors, views: 2 },
          { form: "nce", score, temperature: 0.2 },
          communicator,
        ),
    } satisfies SharedCase,
  ])),
};

/** Loss, metrics and gradients of the rows of one rank; `share` cuts them out of those of all. */
async function evaluate(
  device: Device,
  { shapes, loss }: SharedCase,
  values: readonly Float32Array<ArrayBuffer>[],
  locations: Int32Array<ArrayBuffer>,
  communicator: Communicator,
): Promise<number[][]> {
  const { rank, size } = communicator;
  const inputs = shapes.map(([n, ...row], i) =>
    input(`${i}`, [n / size, ...row])
  );
  const places = input("locations", [N / size, 2], "i32");
  const value = loss(inputs, places, communicator);
  const program = await Program.compile(device, {
    outputs: [
      value.loss,
      ...Object.values(value.metrics),
      ...gradient(value.loss, inputs),
    ],
  });
  const share = <
    Values extends {
      length: number;
      slice(start: number, end: number): Values;
    },
  >(all: Values) => {
    const count = all.length / size;
    return all.slice(rank * count, (rank + 1) * count);
  };
  const results = await program.evaluate({
    locations: share(locations),
    ...Object.fromEntries(values.map((all, i) => [i, share(all)])),
  });
  program.destroy();
  return results.map((result) => [...result]);
}

for (const [name, lossCase] of Object.entries(cases)) {
  testOnWasm(
    `${name}: processes that share the targets have the loss and gradients of one together`,
    async (device) => {
      const values = lossCase.shapes.map((shape) => unitRows(shape));
      // of the first rank all at one location, so that ranks differ in their positives
      const locations = Int32Array.of(
        ...[0, 1, 0, 1, 0, 1, 0, 1],
        ...[0, 1, 2, 3, 1, 2, 3, 0],
      );
      const whole = await evaluate(device, lossCase, values, locations, alone);
      const parts = await onRanks(
        device,
        RANKS,
        (device, communicator) =>
          evaluate(device, lossCase, values, locations, communicator),
      );
      whole.forEach((expected, i) => {
        const isGradient = i >= whole.length - values.length;
        const together = isGradient
          ? parts.flatMap((results) => results[i].map((x) => x / RANKS))
          : [parts.reduce((sum, results) => sum + results[i][0], 0) / RANKS];
        const scale = Math.max(...expected.map(Math.abs)) || 1;
        assertClose(
          together.map((x) => x / scale),
          expected.map((x) => x / scale),
          `result ${i}`,
          1e-5,
        );
        assert(!isGradient || expected.some((x) => x !== 0));
      });
    },
  );
}
