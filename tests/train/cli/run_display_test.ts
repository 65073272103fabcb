import { assertEquals, assertMatch } from "@std/assert";
import { RunDisplay } from "../../../train/cli/run_display.ts";
import { tinyConfig } from "../tiny_model.ts";
import { FakeOutput } from "./fake_output.ts";
import { testWithSeed } from "../../random.ts";

testWithSeed(
  "RunDisplay: a collapse is reported once, in a line above the progress bar",
  () => {
    const output = new FakeOutput(100);
    const display = new RunDisplay(tinyConfig({ steps: 1000 }), output);
    display.begin("training", 0);
    for (let step = 1; step <= 300; step++) {
      output.time += 1000;
      display.update(step, {
        loss: 1.5,
        learningRate: 1e-3,
        "maskedPatch.deviation": 0.01,
      });
    }
    const lines = output.screen();
    assertEquals(lines.length, 3);
    assertMatch(lines[0], /^training for 1000 steps/);
    // warm-up ends with step 3
    assertMatch(
      lines[1],
      /^step 103: the representations of patches collapse .* start a new run with /,
    );
    assertMatch(lines[2], /^\[===.* 300\/1000 .* loss 1.50/);
  },
);

testWithSeed(
  "RunDisplay: kernels, and what is measured after the steps, have a progress bar each",
  () => {
    const output = new FakeOutput(100);
    const display = new RunDisplay(tinyConfig(), output);
    display.begin("compiling", 0);
    for (const kernels of [0, 30, 60]) {
      output.time += 1000;
      display.compiled(kernels, 60);
    }
    const { onPhase, onProgress } = display.probing;
    onPhase!({ encoder: "trained", unit: "images", total: 50 });
    output.time += 1000;
    onProgress!(50);
    display.announce("writing the report ...", 4, "images");
    output.time += 1000;
    display.advance(4);
    display.end();
    const expected = [
      /^compiling a step \.\.\.$/,
      /60\/60 .* kernels\/s/,
      /^computing features with the trained encoder, 50 images \.\.\.$/,
      /50\/50 .* images\/s/,
      /^writing the report \.\.\.$/,
      /4\/4 .* images\/s/,
      /^$/,
    ];
    const lines = output.screen();
    assertEquals(lines.length, expected.length, lines.join("\n"));
    lines.forEach((line, i) => assertMatch(line, expected[i]));
  },
);
