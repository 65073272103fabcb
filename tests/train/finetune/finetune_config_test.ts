import { assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../../engine/user_error.ts";
import {
  completeFinetune,
  type FinetuneSettings,
  type FinetuneSource,
  nameOf,
} from "../../../train/finetune/finetune_config.ts";

const source: FinetuneSource = {
  seed: 5,
  inputs: ["both", "image", "prediction", "patches"],
  checkpoints: [100, 200],
  path: "runs/first",
};

Deno.test("completeFinetune: the defaults are the paper's supervised training, from the run's last checkpoint", () => {
  assertEquals(completeFinetune({}, source), {
    checkpoint: 200,
    fromScratch: false,
    frozen: false,
    input: "both",
    labels: 1,
    seed: 5,
    optimizer: {
      learningRate: 1e-4,
      weightDecay: 1e-4,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      clipNorm: 0,
    },
    steps: 5000,
    warmupSteps: 250,
    batchSize: 32,
    metricsEvery: 10,
    validateEvery: 250,
  });
});

Deno.test("completeFinetune: the warm-up is a twentieth of fewer steps, and the paper's of more", () => {
  const warmupOf = (settings: FinetuneSettings) =>
    completeFinetune(settings, source).warmupSteps;
  assertEquals(warmupOf({ steps: 1000 }), 50);
  assertEquals(warmupOf({ steps: 5 }), 0);
  assertEquals(warmupOf({ steps: 100_000 }), 250);
  assertEquals(warmupOf({ steps: 1000, warmupSteps: 7 }), 7);
});

Deno.test("completeFinetune: a network from scratch needs no checkpoint", () => {
  const none = { ...source, checkpoints: [] };
  const settings = { fromScratch: true, seed: 9 };
  const { checkpoint, seed } = completeFinetune(settings, none);
  assertEquals([checkpoint, seed], [0, 9]);
  assertEquals(completeFinetune({ checkpoint: 100 }, source).checkpoint, 100);
});

Deno.test("completeFinetune: refuses what does not fit the run, or each other", () => {
  const patches: FinetuneSource = { ...source, inputs: ["patches", "image"] };
  const refusals: [FinetuneSettings, FinetuneSource, string][] = [
    [
      { checkpoint: 7 },
      source,
      "runs/first has no checkpoint of step 7, but those of 100, 200; choose another --checkpoint",
    ],
    [
      {},
      { ...source, checkpoints: [0] },
      "runs/first has no checkpoint of a step yet; resume the run until it has one",
    ],
    [
      { fromScratch: true, checkpoint: 100 },
      source,
      "a network from scratch takes no checkpoint; leave out one of the two",
    ],
    [
      { input: "both" },
      patches,
      "input is both, which takes a model with the double view; that of the run has patches and image",
    ],
    [{ labels: 0 }, source, "labels must be greater than 0, not 0"],
    [{ labels: 1.5 }, source, "labels must be at most 1, not 1.5"],
    [{ steps: 0 }, source, "steps must be at least 1, not 0"],
    [{ seed: -1 }, source, "seed must be at least 0, not -1"],
  ];
  for (const [settings, run, message] of refusals) {
    const error = assertThrows(
      () => completeFinetune(settings, run),
      UserError,
    );
    assertEquals(error.message, message);
  }
  assertEquals(completeFinetune({}, patches).input, "patches");
});

Deno.test("nameOf: says what a fine-tuning begins with, what learns, and from what", () => {
  const name = (settings: FinetuneSettings) =>
    nameOf(completeFinetune(settings, source));
  assertEquals(name({}), "both-step-200-seed-5");
  assertEquals(
    name({ input: "image", frozen: true, labels: 0.1, checkpoint: 100 }),
    "image-step-100-frozen-labels-0.1-seed-5",
  );
  assertEquals(
    name({ fromScratch: true, seed: 6 }),
    "both-from-scratch-seed-6",
  );
});
