import { assertEquals, assertMatch } from "@std/assert";
import type { Config } from "../../train/config/config.ts";
import type { StepMetrics } from "../../train/training_step.ts";
import { TroubleWatch } from "../../train/trouble.ts";
import { fullModel, tinyConfig } from "./tiny_model.ts";

/** DV² with 16 instances of 4 views, 16 patches of which 4 are masked, 128 dimensions and 1024 entries. */
function config(
  { model = {}, losses = {}, ...changes }: {
    model?: object;
    losses?: object;
    [setting: string]: unknown;
  } = {},
): Config {
  const whole = tinyConfig({
    batchSize: 64,
    views: 4,
    warmupSteps: 40,
    model: {
      ...fullModel.model,
      grid: 4,
      masked: 4,
      projection: 128,
      vocabulary: { name: "dynamic", entries: 1024 },
    },
    losses: fullModel.losses,
    ...changes,
  });
  const { maskedPatch } = whole.losses;
  // not in the schema of every version
  return {
    ...whole,
    model: { ...whole.model, ...model },
    losses: { ...whole.losses, maskedPatch: { ...maskedPatch, ...losses } },
  };
}

/** What InfoNCE from layers initialised by fan-in had on CIFAR-10. */
const HEALTHY: StepMetrics = {
  loss: 40,
  "image.deviation": 0.97,
  "image.effectiveRank": 7.5,
  "maskedPatch.deviation": 0.96,
  "maskedPatch.effectiveRank": 8.4,
  "maskedPatch.maskAndLocationShare": 0.1,
  "imageVocabulary.perplexity": 400,
  "imageVocabulary.largestShare": 0.02,
  "patchVocabulary.perplexity": 600,
  "patchVocabulary.largestShare": 0.01,
};

/** Goes through 500 steps, of which every tenth is seen; returns what was said when. */
function watch(
  config: Config,
  metricsAt: (step: number) => StepMetrics,
  processes?: number,
): [step: number, sentence: string][] {
  const watch = new TroubleWatch(config, processes);
  const said: [number, string][] = [];
  for (let step = 10; step <= 500; step += 10) {
    const metrics = { ...HEALTHY, ...metricsAt(step) };
    for (const sentence of watch.observe(step, metrics)) {
      said.push([step, sentence]);
    }
  }
  return said;
}

Deno.test("TroubleWatch: says nothing of healthy numbers, and of terms without these", () => {
  assertEquals(watch(config(), () => ({})), []);
  assertEquals(new TroubleWatch(config()).observe(500, { loss: 1 }), []);
});

Deno.test("TroubleWatch: each sign is reported once, after it has lasted since the warm-up, and not short of its bound", () => {
  const [lasting, vocabulary] = [140, 240];
  const cases: [string, bad: number, good: number, number, RegExp][] = [
    [
      "image.deviation",
      0.199,
      0.201,
      lasting,
      /^the representations of images/,
    ],
    // 3 of 128 dimensions, as far as 16 images show
    ["image.effectiveRank", 2.4, 2.6, lasting, /effective rank 2.4, below 2.5/],
    // and 256 patches
    ["maskedPatch.effectiveRank", 2.9, 3, lasting, /of patches collapse/],
    [
      "imageVocabulary.perplexity",
      51,
      52,
      vocabulary,
      /^most of the vocabulary of images is dead \(perplexity 51, below 51 for 200/,
    ],
    [
      "patchVocabulary.largestShare",
      0.61,
      0.5,
      vocabulary,
      /of patches is dead \(largest share of the masses 0.61, above 0.5/,
    ],
    // half, and half of what 32 groups of 256 patches explain by chance
    [
      "maskedPatch.maskAndLocationShare",
      0.57,
      0.56,
      lasting,
      /^the prediction of patches takes a shortcut .* 0.57, above 0.56/,
    ],
  ];
  const setting = config({ losses: { candidates: "all" } });
  for (const [metric, bad, good, step, sentence] of cases) {
    assertEquals(watch(setting, () => ({ [metric]: good })), [], metric);
    const said = watch(setting, () => ({ [metric]: bad }));
    assertEquals(said.map(([step]) => step), [step], metric);
    assertMatch(said[0][1], sentence);
  }
});

Deno.test("TroubleWatch: what passes is not reported, and counts from its beginning when it comes again", () => {
  const rank = (step: number) => ({
    "image.effectiveRank": step < 130 || step > 200 ? 1 : 7,
  });
  assertEquals(watch(config(), rank).map(([step]) => step), [310]);
  assertEquals(
    watch(config({ warmupSteps: 250 }), rank).map(([step]) => step),
    [350],
  );
});

Deno.test("TroubleWatch: one trouble is reported once, whatever shows it, and another one besides", () => {
  const said = watch(config(), () => ({
    "image.deviation": 0,
    "image.effectiveRank": 0,
    "maskedPatch.effectiveRank": 1,
    "imageVocabulary.perplexity": 1,
    "imageVocabulary.largestShare": 1,
  }));
  assertEquals(said.map(([step]) => step), [140, 240]);
});

Deno.test("TroubleWatch: names settings that the config has with another value", () => {
  const remedy = (config: Config, metrics: StepMetrics) =>
    watch(config, () => metrics).map(([, sentence]) =>
      sentence.split("start a new run with ")[1]
    );
  const collapse = { "image.effectiveRank": 1 };
  const lowerRate = "a lower optimizer.learningRate";
  const literal = { initialization: "small", head: "linear" };
  const repaired = { initialization: "fanIn", head: "batchNorm" };
  const form = "losses.image.form=infoNce";
  assertEquals(remedy(config({ model: literal }), collapse), [
    `${form}, model.initialization=fanIn or model.head=batchNorm`,
  ]);
  assertEquals(remedy(config({ model: repaired }), collapse), [form]);
  const absent = { initialization: undefined, head: "mlp" };
  assertEquals(remedy(config({ model: absent }), collapse), [form]);
  const withInfoNce = config({ model: repaired });
  const image = { ...withInfoNce.losses.image, form: "infoNce" as const };
  const losses = { ...withInfoNce.losses, image };
  assertEquals(remedy({ ...withInfoNce, losses }, collapse), [lowerRate]);
  const imageVocabulary = {
    weight: 0.5,
    normalizer: "predictions" as const,
  };
  assertEquals(
    remedy(
      { ...withInfoNce, losses: { ...losses, imageVocabulary } },
      collapse,
    ),
    ["losses.imageVocabulary.normalizer=pairs"],
  );
  const off = { ...imageVocabulary, weight: 0 };
  assertEquals(
    remedy(
      { ...withInfoNce, losses: { ...losses, imageVocabulary: off } },
      collapse,
    ),
    [lowerRate],
  );

  const dead = { "imageVocabulary.perplexity": 1 };
  const cosine = { name: "dynamic", entries: 1024, decay: 0.99 };
  assertEquals(
    remedy(
      config({
        model: { ...repaired, vocabulary: { ...cosine, match: "cosine" } },
      }),
      dead,
    ),
    [`model.vocabulary.match=massAware or ${lowerRate}`],
  );

  const shortcut = { "maskedPatch.maskAndLocationShare": 0.9 };
  assertEquals(remedy(config({ losses: { candidates: "all" } }), shortcut), [
    "losses.maskedPatch.candidates=masked",
  ]);
  const masked = config({ losses: { candidates: "masked" } });
  assertEquals(remedy(masked, shortcut), []);
});

Deno.test("TroubleWatch: bounds allow for the part of a batch that each process compares by itself", () => {
  const metrics = {
    // as far as 4 images show 3 of 128 dimensions
    "image.effectiveRank": 2,
    // half, and half of what 32 groups of 64 patches explain by chance
    "maskedPatch.maskAndLocationShare": 0.74,
  };
  const setting = config({ losses: { candidates: "all" } });
  const local = {
    ...setting,
    distributed: { ...setting.distributed, negatives: "local" as const },
  };
  const said = (config: Config, more: object = {}) =>
    watch(config, () => ({ ...metrics, ...more }), 4).length;
  assertEquals([said(local), said(setting)], [0, 2]);
  // what all processes have matched moves the entries
  assertEquals(said(local, { "imageVocabulary.perplexity": 50 }), 1);
});

Deno.test("TroubleWatch: bounds allow for small batches", () => {
  // two images: a rank of 1 at most; their 32 patches are as many as the groups, which explain all
  const small = config({ batchSize: 2, views: 1 });
  assertEquals(
    watch(
      { ...small, losses: config({ losses: { candidates: "all" } }).losses },
      () => ({
        "image.effectiveRank": 1,
        "maskedPatch.maskAndLocationShare": 0.99,
        // 2 images in each of the 100 steps that the masses remember
        "imageVocabulary.perplexity": 11,
      }),
    ),
    [],
  );
});

Deno.test("TroubleWatch: bounds of perplexities go by the instances and the masked patches that masses remember", () => {
  // 2 instances of 4 views, and 4 of 16 patches of each
  const few = config({ batchSize: 8 });
  const isDead = (metric: string, perplexity: number) =>
    watch(few, () => ({ [metric]: perplexity })).length === 1;
  // a 20th of what 100 steps match: 200 entries by images, 800 by patches
  for (
    const [metric, bound] of [
      ["imageVocabulary.perplexity", 10],
      ["patchVocabulary.perplexity", 40],
    ] as const
  ) {
    assertEquals(
      [bound - 0.1, bound + 0.1].map((value) => isDead(metric, value)),
      [true, false],
      metric,
    );
  }
});
