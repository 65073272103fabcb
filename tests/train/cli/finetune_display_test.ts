import { assertEquals, assertMatch } from "@std/assert";
import { FinetuneDisplay } from "../../../train/cli/finetune_display.ts";
import { FakeOutput } from "./fake_output.ts";
import { testWithSeed } from "../../random.ts";

testWithSeed(
  "FinetuneDisplay: kernels, steps and test images have a progress bar each, validations a line above",
  () => {
    const output = new FakeOutput(100);
    const display = new FinetuneDisplay(output);
    const { onPhase, onKernel, onStep, onProgress, onValidation } =
      display.events;
    const metrics = { loss: 1.5, accuracy: 0.25, learningRate: 1e-3 };
    onPhase!("compiling", 0, 20);
    for (const kernels of [0, 30, 60]) {
      output.time += 1000;
      onKernel!(kernels, 60);
    }
    onPhase!("training", 10, 20);
    for (let step = 11; step <= 15; step++) {
      output.time += 1000;
      onStep!(step, metrics);
    }
    onPhase!("validation", 0, 8);
    output.time += 1000;
    onProgress!(8);
    assertMatch(output.screen().at(-1)!, /15\/20 .* validated 8\.00$/);
    onValidation!({ step: 15, accuracy: 0.5 });
    onPhase!("training", 15, 20);
    output.time += 1000;
    onStep!(20, metrics);
    onPhase!("test", 0, 4);
    output.time += 1000;
    onProgress!(4);
    display.end();
    const expected = [
      /^compiling a step \.\.\.$/,
      /60\/60 .* kernels\/s/,
      /^training for 20 steps, from step 10 on \.\.\.$/,
      /^step 15: 50\.0 % of held-out images right$/,
      /20\/20 .* steps\/s .* loss 1\.50 {2}accuracy 0\.250 {2}lr 0\.00100/,
      /^classifying 4 test images \.\.\.$/,
      /4\/4 .* images\/s/,
      /^$/,
    ];
    const lines = output.screen();
    assertEquals(lines.length, expected.length, lines.join("\n"));
    lines.forEach((line, i) => assertMatch(line, expected[i]));
  },
);
