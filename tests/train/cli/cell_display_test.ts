import { assertEquals, assertMatch } from "@std/assert";
import { CellDisplay } from "../../../train/cli/cell_display.ts";
import { tinyConfig } from "../tiny_model.ts";
import { FakeOutput } from "./fake_output.ts";
import { testWithSeed } from "../../random.ts";

testWithSeed(
  "CellDisplay: every part of a run of an experiment ends the progress bar of the one before",
  () => {
    const output = new FakeOutput(100);
    const display = new CellDisplay(output);
    const { pretraining, probing, finetuning } = display.events;
    const metrics = { loss: 1.5, learningRate: 1e-3 };
    const run = pretraining(tinyConfig({ steps: 100 }));
    run.onPhase!("compiling", 0);
    run.onPhase!("training", 0);
    output.time += 1000;
    run.onStep!(100, metrics);
    probing.onPhase!({ encoder: "trained", unit: "layers", total: 5 });
    output.time += 1000;
    probing.onProgress!(5);
    const tuning = finetuning("half of the labels");
    tuning.onPhase!("training", 0, 20);
    output.time += 1000;
    tuning.onStep!(20, { ...metrics, accuracy: 0.5 });
    display.end();
    const expected = [
      /^compiling a step \.\.\.$/,
      /^training for 100 steps of 8 images \.\.\.$/,
      /100\/100 .* loss 1\.50/,
      /^classifying with the trained encoder, 5 layers \.\.\.$/,
      /5\/5 .* layers\/s/,
      /^fine-tuning: half of the labels$/,
      /^training for 20 steps \.\.\.$/,
      /20\/20 .* loss 1\.50/,
      /^$/,
    ];
    const lines = output.screen();
    assertEquals(lines.length, expected.length, lines.join("\n"));
    lines.forEach((line, i) => assertMatch(line, expected[i]));
  },
);
