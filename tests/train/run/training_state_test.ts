import { assert, assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../../engine/user_error.ts";
import { Linear } from "../../../layers/linear.ts";
import { namedStates } from "../../../layers/module.ts";
import { packParameters } from "../../../layers/packing.ts";
import { State } from "../../../layers/state.ts";
import { AdamW } from "../../../train/adamw.ts";
import { completeConfig } from "../../../train/config/config.ts";
import {
  captureState,
  releaseState,
  restoreState,
  type TrainingState,
} from "../../../train/run/training_state.ts";
import { testOnDevices } from "../../engine/devices.ts";
import { randomArray } from "../../random.ts";

const { optimizer: options } = completeConfig({
  data: { name: "synthetic" },
  augmentation: { name: "translate" },
});

/** A layer, and a state of two axes. */
function start(): Required<TrainingState> {
  const model = {
    linear: new Linear(3, 5),
    table: new State("table", [2, 7], 0),
  };
  const parameters = packParameters(model, 1);
  return {
    model,
    parameters,
    optimizer: new AdamW(parameters.storage, options),
  };
}

function storages(
  { model, parameters, optimizer }: Required<TrainingState>,
) {
  return [
    parameters.storage,
    optimizer.firstMoment,
    optimizer.secondMoment,
    ...[...namedStates(model).values()].map(({ storage }) => storage),
  ];
}

testOnDevices(
  "captureState, restoreState: everything comes back, also from states that were stored flat",
  async (device) => {
    const state = start();
    for (const storage of storages(state)) {
      await device.write(storage, randomArray(storage.size));
    }
    const tensors = await captureState(device, state);
    const shapes = Object.entries(tensors).map((
      [name, { shape }],
    ) => [name, shape]);
    assertEquals(Object.fromEntries(shapes), {
      "linear.weight": [3, 5],
      "linear.bias": [5],
      "optimizer.firstMoment.linear.weight": [3, 5],
      "optimizer.firstMoment.linear.bias": [5],
      "optimizer.secondMoment.linear.weight": [3, 5],
      "optimizer.secondMoment.linear.bias": [5],
      "table": [2, 7],
    });
    const { parameters, optimizer: { firstMoment, secondMoment } } = state;
    const { offset } = parameters.entries.get("linear.bias")!;
    for (
      const [prefix, storage] of [
        ["", parameters.storage],
        ["optimizer.firstMoment.", firstMoment],
        ["optimizer.secondMoment.", secondMoment],
      ] as const
    ) {
      assertEquals(
        tensors[`${prefix}linear.bias`].data,
        (await device.read(storage)).slice(offset, offset + 5),
      );
    }
    releaseState(device, state);
    const flat = { ...tensors, table: { ...tensors.table, shape: [14] } };
    for (const stored of [tensors, flat]) {
      const fresh = start();
      await restoreState(device, fresh, stored);
      assertEquals(await captureState(device, fresh), tensors);
      releaseState(device, fresh);
    }
    assert(tensors.table.data.every((value) => value !== 0));

    const transposed = {
      ...tensors,
      table: { ...tensors.table, shape: [7, 2] },
    };
    const { "linear.bias": _, ...incomplete } = tensors;
    for (
      const [stored, sentence] of [
        [transposed, "table is [7,2], not [2,7]"],
        [incomplete, "linear.bias is missing, not [5]"],
      ] as const
    ) {
      const fresh = start();
      await assertRejects(
        () => restoreState(device, fresh, stored),
        UserError,
        sentence,
      );
      releaseState(device, fresh);
    }
  },
);
