import {
  assertEquals,
  assertFalse,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import type { LayerResult } from "../../../train/evaluate/probe.ts";
import type { Experiment } from "../../../train/experiment/experiment_file.ts";
import type { CellResult } from "../../../train/experiment/run_cell.ts";
import type { FinishedCell } from "../../../train/experiment/finished_cell.ts";
import {
  experimentCsv,
  experimentMarkdown,
} from "../../../train/experiment/table.ts";
import { tinyConfig } from "../tiny_model.ts";

const experiment: Experiment = {
  title: "Trial",
  question: "Which?",
  settings: {},
  rows: { a: { settings: {} }, "b | c": { settings: {} } },
  axes: { steps: [20] },
  seeds: [0, 1, 2],
  probe: { train: 100, test: 50 },
  finetune: { tuned: { steps: 5 } },
};

function layer(heldOutAccuracy: number, accuracy: number): LayerResult {
  const common = { standardError: 0.04, macroAccuracy: accuracy, images: 50 };
  return {
    width: 8,
    linear: {
      ...common,
      accuracy,
      penalty: 1,
      heldOutAccuracy,
      fitted: 90,
      heldOut: 10,
    },
    neighbours: { ...common, accuracy: 0.11, neighbours: 20, bank: 100 },
  };
}

function cell(
  row: string,
  seed: number,
  result: CellResult | string,
  axes: FinishedCell["cell"]["axes"] = { steps: 20 },
) {
  return {
    cell: {
      label: `${row}, seed ${seed}`,
      name: `${row}-seed-${seed}`,
      row,
      axes,
      config: tinyConfig({ seed }),
    },
    result,
  };
}

/** The best layer by the held-out images is res1, though res2 does better on the test images. */
function layers(accuracy: number): CellResult {
  return {
    steps: 20,
    failed: {},
    finetuned: {
      tuned: {
        accuracy: accuracy / 2,
        standardError: 0.02,
        macroAccuracy: 0.2,
        images: 50,
        step: 3,
        heldOutAccuracy: 0.3,
        fitted: 90,
        heldOut: 10,
        validation: [],
      },
    },
    layers: {
      step: 20,
      source: "",
      untrained: { res1: layer(0.3, 0.25), res2: layer(0.2, 0.9) },
      trained: { res1: layer(0.5, accuracy), res2: layer(0.4, 0.95) },
    },
  };
}

const cells: FinishedCell[] = [
  cell("a", 0, layers(0.5)),
  cell("b | c", 0, layers(0.6)),
  cell("a", 1, layers(0.53)),
  cell("b | c", 1, "no room"),
  cell("a", 2, layers(0.56)),
];

Deno.test("experimentMarkdown: mean and deviation over seeds of the layer that the held-out images chose", () => {
  const page = experimentMarkdown(experiment, cells, "deno task experiment e");
  const rows = page.split("\n").filter((line) => line.startsWith("|"))
    .map((line) => line.split(" | ").map((cell) => cell.trim()));
  assertEquals(rows.slice(0, 4), [
    ["|", "steps", "untrained", "pretrained", "best layer", "tuned", "seeds |"],
    rows[1],
    // 0.50, 0.53, 0.56: mean 0.53, deviation 0.03 with n - 1
    ["| a", "20", "25.0 ± 0.0", "53.0 ± 3.0", "res1", "26.5 ± 1.5", "3     |"],
    [
      "| b \\| c",
      "20",
      "25.0 ± 4.0",
      "60.0 ± 4.0",
      "res1",
      "30.0 ± 2.0",
      "1     |",
    ],
  ]);
  assertStringIncludes(
    page,
    "| res1  | 53.0 ± 3.0 (25.0) | 60.0 ± 4.0 (25.0) |",
  );
  assertStringIncludes(page, "## Failed\n\n- b | c, seed 1: no room\n");
  assertStringIncludes(
    page,
    "deviation over seeds; where there is one, the standard error",
  );
  assertStringIncludes(page, "after training on 90; 10 more chose the step.");
  assertStringIncludes(page, "fitted to 90 images; 10 more chose");
  assertStringIncludes(
    page,
    "kNN, in results.csv: percent of 50 test images on which the 20 nearest of 100 images by cosine vote " +
      "for the right class, with weights exp(cos / 0.07).",
  );
  assertStringIncludes(page, "\n    deno task experiment e\n");
});

Deno.test("experimentMarkdown: a fine-tuning that failed is named, and the mean and count of its column are without it", () => {
  const result = layers(0.56);
  const page = experimentMarkdown(experiment, [
    cell("a", 0, layers(0.5)),
    cell("a", 1, layers(0.54)),
    cell("a", 2, { ...result, finetuned: {}, failed: { tuned: "no room" } }),
  ], "");
  assertMatch(
    page,
    /^\| a +\| 20 +\| 25\.0 ± 0\.0 \| 53\.3 ± 3\.1 +\| res1 +\| 26\.0 ± 1\.4 \| 3 \(tuned 2\) \|$/m,
  );
  assertStringIncludes(page, "## Failed\n\n- a, seed 2, tuned: no room\n");
});

Deno.test("experimentMarkdown: has every number of images where runs differ in it", () => {
  const first = layers(0.5);
  const second = structuredClone(first);
  for (const { linear, neighbours } of Object.values(second.layers!.trained)) {
    Object.assign(linear, { images: 40, fitted: 81, heldOut: 9 });
    Object.assign(neighbours, { images: 40, bank: 90 });
  }
  Object.assign(second.finetuned.tuned, { images: 40, fitted: 9, heldOut: 1 });
  const page = experimentMarkdown(experiment, [
    cell("a", 0, first),
    cell("b", 0, second),
  ], "");
  assertStringIncludes(page, "percent of 40 or 50 test images that a linear");
  assertStringIncludes(page, "fitted to 81 or 90 images; 9 or 10 more chose");
  assertStringIncludes(
    page,
    "percent of 40 or 50 test images on which the 20 nearest of 90 or 100 images by cosine vote",
  );
  assertStringIncludes(
    page,
    "Fine-tuning: percent of 40 or 50 test images, after training on 9 or 90; 1 or 10 more chose the step.",
  );
});

Deno.test("experimentMarkdown: a line for each value of an axis; untrained encoders have a best layer of their own", () => {
  const { layers: measured, ...result } = layers(0.5);
  const untrained = { ...measured!.untrained, res2: layer(0.4, 0.35) };
  const other = { ...result, layers: { ...measured!, untrained } };
  const page = experimentMarkdown(
    { ...experiment, axes: { stem: ["small", 7] } },
    [
      cell("a", 0, layers(0.6), { stem: "small" }),
      cell("a", 0, other, { stem: 7 }),
    ],
    "",
  );
  assertMatch(
    page,
    /^\| a +\| small \| 25\.0 ± 4\.0 \| 60\.0 ± 4\.0 +\| res1 +\| 30\.0 /m,
  );
  assertMatch(
    page,
    /^\| a +\| 7 +\| 35\.0 ± 4\.0 \| 50\.0 ± 4\.0 +\| res1 +\| 25\.0 /m,
  );
});

Deno.test("experimentMarkdown: with minutes shows how many steps fitted, without a probe fine-tunings alone", () => {
  const { layers: _, finetuned: { tuned }, ...result } = layers(0.5);
  const finetuned = { frozen: { ...tuned, accuracy: 0.1 }, tuned };
  const cells = [20, 24, 20].map((steps, seed) =>
    cell("a", seed, { ...result, finetuned, steps }, {})
  );
  const page = experimentMarkdown(
    {
      ...experiment,
      axes: {},
      minutes: 1,
      probe: null,
      finetune: { tuned: {}, frozen: {} },
    },
    cells,
    "",
  );
  const [header, , row] = page.split("\n").filter((line) =>
    line.startsWith("|")
  );
  assertEquals(header, "|   | steps  | tuned      | frozen     | seeds |");
  assertEquals(row, "| a | 20, 24 | 25.0 ± 0.0 | 10.0 ± 0.0 | 3     |");
  assertFalse(page.includes("## Each layer"));
  assertStringIncludes(
    experimentCsv(cells),
    "\r\na,1,{},finetune,tuned,,24,0.25,0.02,50\r\n",
  );
});

Deno.test("experimentMarkdown: a row without results is empty, and no column of the layers", () => {
  const page = experimentMarkdown(
    { ...experiment, axes: {} },
    [cell("a", 0, layers(0.5), {}), cell("b", 0, "no room", {})],
    "",
  );
  assertMatch(page, /^\| b( +\|){5} 0 +\|$/m);
  assertMatch(page, /^\| layer \| a +\|$/m);
});

Deno.test("experimentMarkdown: a layer that other runs lack is empty there", () => {
  const { layers: measured, ...result } = layers(0.5);
  const { res2: _, ...res1 } = measured!.trained;
  const page = experimentMarkdown(
    { ...experiment, axes: {} },
    [
      cell("a", 0, layers(0.5), {}),
      cell("b", 0, { ...result, layers: { ...measured!, trained: res1 } }, {}),
    ],
    "",
  );
  assertMatch(page, /^\| res2 +\| 95\.0 ± 4\.0 \(90\.0\) \| +\|$/m);
});

Deno.test("experimentMarkdown: tells of the temperature that results were measured with", () => {
  const result = layers(0.5);
  for (const { neighbours } of Object.values(result.layers!.trained)) {
    Object.assign(neighbours, { temperature: 0.1 });
  }
  const page = experimentMarkdown(experiment, [cell("a", 0, result)], "");
  assertStringIncludes(page, "with weights exp(cos / 0.1).");
});

Deno.test("experimentCsv: a line for each accuracy of each run that did not fail", () => {
  const lines = experimentCsv(cells).trimEnd().split("\r\n");
  // two measures of two layers of two encoders, and a fine-tuning, of four runs
  assertEquals(lines.length, 1 + (2 * 2 * 2 + 1) * 4);
  assertEquals(
    lines[9],
    'a,0,"{""steps"":20}",finetune,tuned,,20,0.25,0.02,50',
  );
  assertEquals(
    lines[0],
    "row,seed,axes,measure,of,encoder,steps,accuracy,standard error,images",
  );
  assertEquals(
    lines.filter((line) => line.startsWith("a,1,") && line.includes("linear")),
    [
      'a,1,"{""steps"":20}",linear,res1,untrained,20,0.25,0.04,50',
      'a,1,"{""steps"":20}",linear,res2,untrained,20,0.9,0.04,50',
      'a,1,"{""steps"":20}",linear,res1,trained,20,0.53,0.04,50',
      'a,1,"{""steps"":20}",linear,res2,trained,20,0.95,0.04,50',
    ],
  );
  assertEquals(
    lines[2],
    'a,0,"{""steps"":20}",kNN,res1,untrained,20,0.11,0.04,50',
  );
});
