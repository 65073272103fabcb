import { assertEquals } from "@std/assert";
import { DownloadDisplay } from "../../../train/cli/download_display.ts";
import { FakeOutput } from "./fake_output.ts";
import { testWithSeed } from "../../random.ts";

const MIB = 2 ** 20;

/** Shows a download of 200 MiB in eighths, and of another file, whose size is not known. */
function show(output: FakeOutput): void {
  const display = new DownloadDisplay(output);
  for (let eighth = 0; eighth <= 8; eighth++) {
    const done = 25 * eighth * MIB;
    display.update({ stage: "downloading", done, total: 200 * MIB });
  }
  display.update({ stage: "unpacking", done: 12.5 * MIB, total: undefined });
  display.end();
}

testWithSeed("DownloadDisplay: a terminal has one line, drawn over", () => {
  const output = new FakeOutput(80);
  show(output);
  assertEquals(output.written.slice(0, 3), [
    "\rdownloading 200 MiB: 0 %\x1b[K",
    "\rdownloading 200 MiB: 12 %\x1b[K",
    "\rdownloading 200 MiB: 25 %\x1b[K",
  ]);
  assertEquals(output.screen(), ["unpacking 12 MiB", ""]);
});

testWithSeed("DownloadDisplay: a file has a line for every tenth", () => {
  const output = new FakeOutput();
  show(output);
  assertEquals(output.written, [
    ...[0, 10, 20, 30, 50, 60, 70, 80, 100].map((share) =>
      `downloading 200 MiB: ${share} %\n`
    ),
    "unpacking 10 MiB\n",
  ]);
});
