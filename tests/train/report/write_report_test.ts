import { parseHTML } from "linkedom";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../../engine/user_error.ts";
import { writeReport } from "../../../train/report/write_report.ts";
import { testOnWasm } from "../../engine/devices.ts";
import { layer } from "../layer_result.ts";
import { configs, randomSplits, withRun } from "./runs.ts";

const ALWAYS = ["layers", "neighbours", "map", "curves", "repeat"];
const sectionsOf: Readonly<Record<keyof typeof configs, string[]>> = {
  full: [...ALWAYS, "retrieval", "vocabulary"],
  selfie: [...ALWAYS, "retrieval"],
  allp: ALWAYS,
};

/** Nothing in the page may be fetched or run. */
function assertSelfContained(page: string): void {
  assertEquals(page.match(/https?:/g), null);
  assertEquals(
    page.match(/<(script|link|iframe|object|embed)\b|@import|\son\w+=/gi),
    null,
  );
  for (const [, address] of page.matchAll(/\s(?:src|href)="([^"]*)"/g)) {
    assert(/^(data:image\/webp;base64,|#)/.test(address), address.slice(0, 80));
  }
  for (const [, address] of page.matchAll(/url\(([^)]*)/g)) {
    assert(address.startsWith("#"), address);
  }
  assert(page.includes(`content="default-src 'none'`));
}

function sectionIds(page: string): string[] {
  return [...page.matchAll(/<section id="(\w+)"/g)].map(([, id]) => id);
}

for (const [name, config] of Object.entries(configs)) {
  testOnWasm(
    `writeReport: a page of ${name} has all that there is to show`,
    (device) =>
      withRun(device, config, async ({ run, folder }) => {
        const metrics = { step: 5, loss: 1.2345, [`${name}.retrieval`]: 0.5 };
        folder.write("run/metrics.jsonl", `${JSON.stringify(metrics)}\n`);
        const results = { "<i>res1</i>": layer(8, 0.4567, 0.5, 0.5) };
        folder.write(
          "run/result.json",
          JSON.stringify({ step: 5, untrained: results, trained: results }),
        );
        const task = { device, run, splits: randomSplits(20) };
        const path = await writeReport(task);
        assertEquals(path, `${run.path}/report.html`);
        const page = await Deno.readTextFile(path);
        assertSelfContained(page);
        assertEquals(sectionIds(page).sort(), sectionsOf[name].toSorted());
        // text of a file, of a data set and of the config
        const { document } = parseHTML(page);
        assertEquals(document.querySelectorAll("i, u").length, 0);
        assert(!page.includes(`"name":`));
        assert(page.includes("&lt;i&gt;res1&lt;/i&gt;"));
        assert(page.includes("45.7 ± ") && page.includes("1.234"));
        assert(page.includes("<h1>run</h1>"));
        for (const [tag] of page.matchAll(/<img[^>]*>/g)) {
          assert(/ alt="[^"]+"/.test(tag), tag.slice(0, 100));
        }
        assert(page.length < 1e6);
        assertEquals(await Deno.readTextFile(await writeReport(task)), page);
      }),
  );
}

testOnWasm(
  "writeReport: a run without labels, measurements and results has a page, of a checkpoint under its own name",
  (device) =>
    withRun(device, configs.selfie, async ({ run }) => {
      const { unlabelled } = randomSplits(1);
      const path = await writeReport({
        device,
        run,
        splits: { unlabelled },
        step: 5,
      });
      assertEquals(path, `${run.path}/report-step-5.html`);
      const page = await Deno.readTextFile(path);
      assertSelfContained(page);
      assert(page.includes("have not been measured"));
      assert(page.includes("No measurements were recorded."));
      assert(page.includes("too few pictures for a map"));
      assert(!page.includes("class (✓)"));
    }),
);

testOnWasm(
  "writeReport: leaves an earlier page as it was where it fails or is stopped",
  (device) =>
    withRun(device, configs.selfie, async ({ run, folder }) => {
      const splits = randomSplits(3);
      folder.write("run/report.html", "before");
      await assertRejects(
        () =>
          writeReport({
            ...{ device, run, splits },
            signal: AbortSignal.abort(new Error("enough")),
          }),
        Error,
        "enough",
      );
      const failures: [file: string, text: string, message: string][] = [
        ["metrics.jsonl", "{}\n", "line 1 is not a JSON object with a step"],
        ["result.json", "{}", "result.json is damaged or was edited"],
        ["probe.json", "{}", "probe.json is damaged or was edited"],
      ];
      for (const [file, text, message] of failures) {
        folder.write(`run/${file}`, text);
        await assertRejects(
          () => writeReport({ device, run, splits }),
          UserError,
          message,
        );
        Deno.removeSync(`${run.path}/${file}`);
      }
      // where the page is written first
      Deno.mkdirSync(`${run.path}/report.html.unfinished`);
      await assertRejects(
        () => writeReport({ device, run, splits }),
        UserError,
        "cannot write",
      );
      assertEquals(
        await Deno.readTextFile(`${run.path}/report.html`),
        "before",
      );
    }),
);
