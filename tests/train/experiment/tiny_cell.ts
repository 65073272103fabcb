import type { Config } from "../../../train/config/config.ts";
import type { Cell } from "../../../train/experiment/cells.ts";
import {
  type CellOptions,
  runCell,
} from "../../../train/experiment/run_cell.ts";
import { devices } from "../../engine/devices.ts";
import { tinyConfig } from "../tiny_model.ts";

// the parts are tested on every device
const [wasm] = devices;

/** A cell with the tiny model, and other settings as given. */
export function cellWith(changes: object = {}): Cell {
  const config = tinyConfig({
    data: { name: "synthetic", trainSize: 40, testSize: 20 },
    steps: 4,
    checkpoints: { every: 2, keep: 3 },
    ...changes,
  });
  return { label: "a, seed 7", name: "a-seed-7", row: "a", axes: {}, config };
}

/** Cells `a`, `b` and `c` of one config. */
export function threeCells(config: Config): Cell[] {
  return ["a", "b", "c"].map((name) => ({
    label: name,
    name,
    row: name,
    axes: {},
    config,
  }));
}

/** Runs a cell in a folder and notes what is done. */
export function run(
  cell: Cell,
  path: string,
  changes: Partial<CellOptions> = {},
) {
  const phases: string[] = [];
  const result = runCell(cell, {
    device: wasm,
    path,
    experiment: { probe: { train: 30, test: 10 }, finetune: {} },
    signal: new AbortController().signal,
    pretraining: ({ steps }) => ({
      onPhase: (phase, step) =>
        phase === "training" && phases.push(`${phase} ${step}/${steps}`),
    }),
    probing: {
      onPhase: ({ encoder, unit, total }) =>
        encoder && phases.push(`${encoder} ${total} ${unit}`),
    },
    finetuning: (name) => ({
      onPhase: (phase, done, total) =>
        phase === "training" && done === 0 && phases.push(`${name} ${total}`),
    }),
    ...changes,
  });
  return { result, phases };
}
