import puppeteer, { type Browser } from "npm:puppeteer-core@^25.16.0";
import { withSeed } from "../../random.ts";

/** Where Debian's package puts it. */
const CHROMIUM = "/usr/bin/chromium";

const found = await Deno.stat(CHROMIUM).then(() => true, () => false);

// continuous integration sets this, so that no test is left out there
if (!found && Deno.env.get("DV2_REQUIRE_DEVICES") === "1") {
  throw new Error(`DV2_REQUIRE_DEVICES=1, but there is no ${CHROMIUM}`);
}

/** Registers a test that drives Chromium, with WebGPU in software; skipped where it is not installed. */
export function testInChromium(
  name: string,
  test: (browser: Browser, context: Deno.TestContext) => Promise<void>,
): void {
  Deno.test({
    name: found ? name : `${name} (no browser: apt-get install chromium)`,
    ignore: !found,
    fn: (context) =>
      withSeed(name, async () => {
        // whoever hides the system's drivers would hide Chromium's own, too
        const { VK_DRIVER_FILES: _, ...env } = Deno.env.toObject();
        const browser = await puppeteer.launch({
          executablePath: CHROMIUM,
          env,
          args: [
            "--enable-unsafe-webgpu",
            "--use-webgpu-adapter=swiftshader",
            // without it root may not start Chromium
            "--no-sandbox",
          ],
        });
        try {
          await test(browser, context);
        } finally {
          await browser.close();
        }
      }),
  });
}
