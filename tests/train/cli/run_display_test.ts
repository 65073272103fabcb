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
