import { assert, assertEquals, assertMatch } from "@std/assert";
import { formatDuration, Progress } from "../../../train/cli/progress.ts";
import { FakeOutput } from "./fake_output.ts";
import { testWithSeed } from "../../random.ts";

/** Does steps of `ms` milliseconds each. */
function work(
  progress: Progress,
  output: FakeOutput,
  [from, to]: [number, number],
  ms: number,
): void {
  for (let step = from + 1; step <= to; step++) {
    output.time += ms;
    progress.update(step, { loss: 0.5 / step });
  }
}

testWithSeed(
  "Progress: elsewhere than on a terminal a line is printed every ten seconds and at the end",
  () => {
    const output = new FakeOutput();
    const progress = new Progress({ total: 100, output });
    work(progress, output, [0, 65], 500);
    assertEquals(output.written.length, 3);
    assertEquals(
      output.written[1],
      "40/100  2.00 steps/s  30s left  loss 0.0125\n",
    );
    progress.finish();
    assertEquals(output.written.length, 4);
    assertMatch(output.written[3], /^65\/100 .*\n$/);
  },
);

testWithSeed(
  "Progress: a terminal is drawn over ten times a second at most, on one line",
  () => {
    const output = new FakeOutput(120);
    const progress = new Progress({ total: 1000, output });
    work(progress, output, [0, 500], 10);
    assertEquals(output.written.length, 50);
    assert(
      output.written.every((text) =>
        text.startsWith("\r") && !text.includes("\n")
      ),
    );
    assertEquals(output.screen(), [
      "[====================                    ]  " +
      "500/1000  100 steps/s  5s left  loss 0.00100",
    ]);
    progress.finish();
    assertEquals(output.screen().length, 2);
  },
);

testWithSeed("Progress: the line fits the terminal, whatever its width", () => {
  const parts = [
    "1000/1000",
    "10.0 steps/s",
    "0s left",
    "loss 0.000500",
  ];
  for (let columns = 1; columns <= 200; columns++) {
    const output = new FakeOutput(columns);
    const progress = new Progress({ total: 1000, output });
    work(progress, output, [0, 1000], 100);
    const [line] = output.screen();
    assert(line.length < columns, `${line.length} of ${columns}`);
    // No part is cut, lest a number be read for another one.
    const shown = line.split("  ").filter((part) => !/^ *$|[=\[\]]/.test(part));
    if (columns > parts[0].length) {
      assertEquals(shown, parts.slice(0, shown.length));
    }
  }
});

testWithSeed(
  "Progress: a terminal without a width has whole lines, as a file",
  () => {
    const output = new FakeOutput(0);
    const progress = new Progress({ total: 3_000_000, output });
    output.time += 10_000;
    progress.update(448, {});
    assertEquals(output.written, ["448/3000000  44.8 steps/s  18h 35m left\n"]);
  },
);

testWithSeed("Progress: the rate follows a change of speed", () => {
  const output = new FakeOutput();
  const progress = new Progress({ total: 10_000, output });
  work(progress, output, [0, 1000], 10);
  assertMatch(output.written.at(-1)!, / 100 steps\/s /);
  work(progress, output, [1000, 1100], 1000);
  assertMatch(output.written.at(-1)!, / 1\.\d+ steps\/s .* 2h 2\dm left/);
});

testWithSeed("Progress: what is counted has the name that it is given", () => {
  const output = new FakeOutput(80);
  const progress = new Progress({ total: 100, unit: "images", output });
  work(progress, output, [0, 10], 500);
  assertMatch(output.screen()[0], /10\/100 {2}2\.00 images\/s/);
});

testWithSeed("Progress: the rate does not count steps done before", () => {
  const output = new FakeOutput();
  const progress = new Progress({
    total: 1000,
    start: 500,
    output,
  });
  work(progress, output, [500, 520], 500);
  assertMatch(
    output.written[0],
    /^520\/1000 {2}2\.00 steps\/s {2}4m 0s left/,
  );
});

testWithSeed(
  "Progress: before the first step neither rate nor time left is shown",
  () => {
    const output = new FakeOutput();
    const progress = new Progress({ total: 10, output });
    progress.finish();
    assertEquals(output.written, ["0/10\n"]);
  },
);

testWithSeed(
  "Progress: a line printed in between stands above the progress",
  () => {
    const output = new FakeOutput(20);
    const progress = new Progress({ total: 10, output });
    work(progress, output, [0, 1], 1000);
    progress.print("hello");
    assertEquals(output.screen()[0], "hello");
    assertMatch(output.screen()[1], /^1\/10 /);
    const file = new FakeOutput();
    new Progress({ total: 10, output: file }).print("hello");
    assertEquals(file.written, ["hello\n"]);
  },
);

testWithSeed("Progress: values of any size are readable", () => {
  const output = new FakeOutput();
  const progress = new Progress({ total: 10, output });
  progress.update(0, {
    lr: 3e-4,
    small: 1.234e-9,
    large: 123456.7,
    none: 0,
    bad: NaN,
  });
  progress.finish();
  assertEquals(
    output.written[0],
    "0/10  lr 0.000300  small 1.23e-9  large 123457  none 0.00  bad NaN\n",
  );
});

Deno.test("formatDuration: a duration is written with its two largest units", () => {
  const cases: [number, string][] = [
    [0, "0s"],
    [0.4, "0s"],
    [59.4, "59s"],
    [59.6, "1m 0s"],
    [83, "1m 23s"],
    [3600, "1h 0m"],
    [7500.2, "2h 5m"],
    [86400 * 3 + 3600 * 4 + 59, "3d 4h"],
  ];
  for (const [seconds, text] of cases) {
    assertEquals(formatDuration(seconds), text);
  }
});
