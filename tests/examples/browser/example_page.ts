import { assert } from "@std/assert";
import type { Browser, Page } from "npm:puppeteer-core@^25.16.0";
import { z } from "zod";

/** WebGPU in software compiles for ten seconds on a machine that does other things. */
const TIMEOUT_MS = 60_000;

/** The page of the example, driven as a user would. */
export class ExamplePage implements AsyncDisposable {
  private constructor(private readonly page: Page) {}

  /** Opens it in a browser. */
  static async open(browser: Browser, url: string): Promise<ExamplePage> {
    const page = new ExamplePage(await browser.newPage());
    await page.page.goto(url);
    await page.says("Choose an encoder.");
    return page;
  }

  /** Number of workers that it has. */
  get workers(): number {
    return this.page.workers().length;
  }

  /** Waits until the status line or the errors contain a text. */
  async says(text: string): Promise<void> {
    const lines = "#status, #errors";
    try {
      await this.page.waitForFunction(
        (lines, text) =>
          [...document.querySelectorAll(lines)].some(({ textContent }) =>
            textContent?.includes(text)
          ),
        { timeout: TIMEOUT_MS },
        lines,
        text,
      );
    } catch (cause) {
      const said = await this.page.$$eval(
        lines,
        (elements) => elements.map(({ textContent }) => textContent),
      );
      throw new Error(`the page says ${said.join(" / ")}, not ${text}`, {
        cause,
      });
    }
  }

  /** Chooses a device. */
  async chooseDevice(name: string): Promise<void> {
    await this.page.select("#device", name);
  }

  /** Chooses an encoder's file. */
  async chooseEncoder(path: string): Promise<void> {
    const input = await this.page.$("input#encoder");
    assert(input);
    await input.uploadFile(path);
  }

  /** Drops files, as from the system's file manager. */
  async drop(...files: string[]): Promise<void> {
    const session = await this.page.createCDPSession();
    const data = { items: [], files, dragOperationsMask: 1 };
    for (const type of ["dragEnter", "dragOver", "drop"] as const) {
      await session.send("Input.dispatchDragEvent", {
        type,
        x: 100,
        y: 100,
        data,
      });
    }
    await session.detach();
  }

  /** Clicks on a picture. */
  async choose(name: string): Promise<void> {
    await this.page.click(`button::-p-text(${name})`);
  }

  /** The names of the pictures in their order. */
  async order(): Promise<string[]> {
    return await this.page.$$eval(
      "#gallery .name",
      (names) => names.map(({ textContent }) => textContent ?? ""),
    );
  }

  /** The features of each picture. */
  async features(): Promise<Map<string, number[]>> {
    const features = await this.page.evaluate(`
      import("/dist/page.js").then(({ pictures }) =>
        pictures.map(({ file, features }) => [file.name, [...features]])
      )
    `);
    const schema = z.array(z.tuple([z.string(), z.array(z.number())]));
    return new Map(schema.parse(features));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.close();
  }
}
