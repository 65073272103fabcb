import { assertEquals } from "@std/assert";
import {
  failuresOf,
  type FinishedCell,
} from "../../../train/experiment/finished_cell.ts";
import { tinyConfig } from "../tiny_model.ts";

const cell: FinishedCell["cell"] = {
  label: "a, seed 7",
  name: "a-seed-7",
  row: "a",
  axes: {},
  config: tinyConfig(),
};

Deno.test("failuresOf: names the run, and the column where the rest of it has results", () => {
  const failed = { tuned: "no room", frozen: "no light" };
  for (
    const [result, lines] of [
      ["no run", ["a, seed 7: no run"]],
      [{ steps: 1, finetuned: {}, failed: {} }, []],
      [{ steps: 1, finetuned: {}, failed }, [
        "a, seed 7, tuned: no room",
        "a, seed 7, frozen: no light",
      ]],
    ] as const
  ) {
    assertEquals(failuresOf({ cell, result }), [...lines]);
  }
});
