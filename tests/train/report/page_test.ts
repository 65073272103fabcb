/** Opens a report in Chromium, from disk as a person does, on a phone's width and a screen's. */
import { pathToFileURL } from "node:url";
import { assert, assertEquals } from "@std/assert";
import { writeReport } from "../../../train/report/write_report.ts";
import { writeRunResult } from "../../../train/run/run_result.ts";
import { devices } from "../../engine/devices.ts";
import { testInChromium } from "../../examples/browser/chromium.ts";
import { layer } from "../layer_result.ts";
import { configs, randomSplits, type RunUnderTest, withRun } from "./runs.ts";

/** WCAG 2.1's least contrast of text, level AA. */
const MIN_CONTRAST = 4.5;

/** A page with everything that one can have. */
async function writePage({ run, folder }: RunUnderTest): Promise<string> {
  const metrics = [1, 2, 3, 4, 5].map((step) =>
    JSON.stringify({
      step,
      loss: 1 / step,
      "maskedPatch.retrieval": 0.1 * step,
      "maskedPatch.effectiveRank": 3,
    }) + "\n"
  );
  folder.write("run/metrics.jsonl", metrics.join(""));
  const layers = {
    "patch res1": layer(8, 0.45, 0.5, 0.5),
    I: layer(2048, 1, 1, 1),
  };
  await writeRunResult(run.path, {
    step: 5,
    untrained: layers,
    trained: layers,
  });
  return await writeReport({
    device: devices[0],
    run,
    splits: randomSplits(20),
  });
}

/** What a person sees of the page that is open; runs in the browser. */
function look() {
  const channels = (color: string) =>
    color.match(/[\d.]+/g)?.map(Number) ?? [0, 0, 0, 0];
  const luminance = (color: string) => {
    const [red, green, blue] = channels(color).map((value) => {
      const share = value / 255;
      return share <= 0.04045
        ? share / 12.92
        : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const background = (element: Element | null): string => {
    if (!element) return "rgb(255, 255, 255)";
    const color = getComputedStyle(element).backgroundColor;
    const [, , , opacity = 1] = channels(color);
    return opacity === 1 ? color : background(element.parentElement);
  };
  const contrast = (element: Element) => {
    const { color, fill } = getComputedStyle(element);
    const text = luminance(element.closest("svg") ? fill : color);
    const behind = luminance(background(element));
    const [dark, light] = text < behind ? [text, behind] : [behind, text];
    return (light + 0.05) / (dark + 0.05);
  };
  document.querySelectorAll("details").forEach((details) => {
    details.open = true;
  });
  const texts = [...document.body.querySelectorAll("*")].filter((element) =>
    element.localName !== "title" &&
    [...element.childNodes].some(({ nodeType, textContent }) =>
      nodeType === Node.TEXT_NODE && textContent?.trim()
    )
  );
  const { scrollWidth, clientWidth } = document.documentElement;
  return {
    page: luminance(background(document.body)),
    overflow: scrollWidth - clientWidth,
    texts: texts.length,
    contrasts: texts.map((element) => ({
      contrast: contrast(element),
      text: `${element.localName}: ${element.textContent?.trim().slice(0, 40)}`,
    })),
  };
}

testInChromium(
  "page: from disk it loads nothing, fits a phone and a screen, and can be read, light and dark",
  (browser) =>
    withRun(devices[0], configs.full, async (tested) => {
      const url = pathToFileURL(await writePage(tested)).href;
      const page = await browser.newPage();
      const requests: string[] = [];
      page.on("request", (request) => {
        if (!request.url().startsWith("data:")) requests.push(request.url());
      });
      const problems: string[] = [];
      page.on("console", (message) => problems.push(message.text()));
      await page.goto(url);
      for (const width of [390, 1200]) {
        await page.setViewport({ width, height: 844 });
        for (const scheme of ["light", "dark"]) {
          await page.emulateMediaFeatures([
            { name: "prefers-color-scheme", value: scheme },
          ]);
          const seen = await page.evaluate(look);
          const title = `${width} px, ${scheme}`;
          assertEquals(seen.page < 0.5, scheme === "dark", title);
          assertEquals(seen.overflow, 0, title);
          assert(seen.texts > 100, `${title}: ${seen.texts} texts`);
          assertEquals(
            seen.contrasts.filter(({ contrast }) => contrast < MIN_CONTRAST),
            [],
            title,
          );
        }
      }
      assertEquals(requests, [url]);
      assertEquals(problems, []);
    }),
);
