import { assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../../engine/user_error.ts";
import { cellsOf } from "../../../train/experiment/cells.ts";
import type { Experiment } from "../../../train/experiment/experiment_file.ts";
import { presets } from "../../../train/config/presets/mod.ts";

const experiment: Experiment = {
  title: "Trial",
  question: "Which?",
  preset: "baseline-tiny",
  settings: { steps: 7, warmupSteps: 1, views: 2 },
  rows: {
    "DV² (all)": { preset: "dv2-tiny", settings: {} },
    "one view": { settings: { views: 1 } },
  },
  axes: {
    "optimizer.learningRate": [0.001, 0.01],
    "losses.maskedPatch.weight": [1, 2],
  },
  seeds: [3, 5],
  probe: null,
  finetune: {},
};

Deno.test("cellsOf: every row with every combination of the axes, seed by seed", () => {
  const cells = cellsOf(experiment);
  assertEquals(cells.length, 2 * 2 * 2 * 2);
  assertEquals(cells.slice(0, 5).map(({ name }) => name), [
    "dv2-all-learningrate-0.001-weight-1-seed-3",
    "dv2-all-learningrate-0.001-weight-2-seed-3",
    "dv2-all-learningrate-0.01-weight-1-seed-3",
    "dv2-all-learningrate-0.01-weight-2-seed-3",
    "one-view-learningrate-0.001-weight-1-seed-3",
  ]);
  assertEquals(cells.map(({ config }) => config.seed), [
    ...Array(8).fill(3),
    ...Array(8).fill(5),
  ]);
  const { row, axes, config } = cells[6];
  assertEquals(row, "one view");
  assertEquals(axes, {
    "optimizer.learningRate": 0.01,
    "losses.maskedPatch.weight": 1,
  });
  assertEquals(config.optimizer.learningRate, 0.01);
  assertEquals(config.losses.maskedPatch.weight, 1);
});

Deno.test("cellsOf: a row's preset and settings go over those of the experiment", () => {
  const [dv2, , , , oneView] = cellsOf(experiment);
  assertEquals([dv2.config.steps, dv2.config.views], [7, 2]);
  assertEquals(dv2.config.losses.image.weight, 4);
  assertEquals([oneView.config.steps, oneView.config.views], [7, 1]);
  assertEquals(oneView.config.losses.image.weight, 0);
  assertEquals(
    oneView.config.encoder,
    cellsOf({
      ...experiment,
      settings: {},
      rows: { a: { settings: presets["baseline-tiny"].config } },
    })[0].config.encoder,
  );
});

Deno.test("cellsOf: an axis, which the label names, goes over a row's settings", () => {
  const rows = { a: { settings: { optimizer: { learningRate: 0.5 } } } };
  const [{ name, config }] = cellsOf({ ...experiment, rows });
  assertEquals(name, "a-learningrate-0.001-weight-1-seed-3");
  assertEquals(config.optimizer.learningRate, 0.001);
});

Deno.test("cellsOf: in whichever order axes are listed, one that names a member of a union resets no other", () => {
  const configsOf = (axes: Experiment["axes"], preset = "dv2-tiny") =>
    cellsOf({ ...experiment, rows: { a: { preset, settings: {} } }, axes })
      .map(({ config }) => config);
  const entries = { "model.vocabulary.entries": [256, 512] };
  const vocabulary = { "model.vocabulary.name": ["queue"] };
  for (
    const axes of [{ ...entries, ...vocabulary }, { ...vocabulary, ...entries }]
  ) {
    const models = configsOf(axes).slice(0, 2).map(({ model }) => model);
    assertEquals(
      models.map((model) => "vocabulary" in model && model.vocabulary),
      [256, 512].map((entries) => ({ name: "queue" as const, entries })),
    );
  }
  const size = { "augmentation.size": [24, 32] };
  const crop = { "augmentation.name": ["crop"] };
  for (const axes of [{ ...size, ...crop }, { ...crop, ...size }]) {
    const sizes = configsOf(axes, "baseline-tiny").slice(0, 2).map((
      { augmentation },
    ) => "size" in augmentation && augmentation.size);
    assertEquals(sizes, [24, 32]);
  }
});

Deno.test("cellsOf: with minutes, a preset may have steps, and a fine-tuning steps and a seed", () => {
  const cells = cellsOf({
    ...experiment,
    settings: {},
    minutes: 1,
    finetune: { tuned: { steps: 3, seed: 1 } },
  });
  assertEquals(cells.length, 16);
});

Deno.test("cellsOf: refuses an experiment that cannot be run, in a sentence", () => {
  const refusals: [Partial<Experiment>, RegExp][] = [
    [{ rows: {} }, /^the experiment has no rows/],
    [
      { rows: { a: { preset: "dv3", settings: {} } } },
      /^there is no preset "dv3"; did you mean dv2\?/,
    ],
    [
      { rows: { a: { settings: { step: 3 } } } },
      /^row "a": step is not a setting; did you mean steps\?/,
    ],
    [
      { axes: { steps: [0] } },
      /^row "DV² \(all\)": steps must be/,
    ],
    [
      { rows: { "a b": { settings: {} }, "a-b": { settings: {} } } },
      /^"a b, learningRate 0.001, weight 1, seed 3" and "a-b, .+" would share the folder a-b-/,
    ],
    [{ seeds: [1, 1] }, /would share the folder/],
    [
      { rows: { ["row ".repeat(60)]: { settings: {} } } },
      /^"row row .+\.\.\. is too long for the name of its folder: /,
    ],
    [
      { finetune: { ["tuned".repeat(60)]: {} } },
      /^"tuned.+\.\.\. is too long for the name of its folder: /,
    ],
    [{ finetune: { I: {}, i: {} } }, /^"I" and "i" would share the folder i/],
    [
      { settings: { seed: 3 } },
      /^seed is set in settings, where seeds would override it; list it in seeds instead$/,
    ],
    [
      { rows: { a: { settings: { seed: 3 } } } },
      /^seed is set in row "a", where /,
    ],
    [{ axes: { seed: [1, 2] } }, /^seed is set in axes, where /],
    [
      { minutes: 1 },
      /^steps is set in settings, where minutes would override it; remove one of the two$/,
    ],
    [
      { minutes: 1, settings: {}, rows: { a: { settings: { steps: 3 } } } },
      /^steps is set in row "a", where /,
    ],
    [
      { minutes: 1, settings: {}, axes: { steps: [3] } },
      /^steps is set in axes, where /,
    ],
  ];
  for (const [changes, message] of refusals) {
    const error = assertThrows(
      () => cellsOf({ ...experiment, ...changes }),
      UserError,
    );
    assertEquals(message.test(error.message), true, error.message);
  }
});
