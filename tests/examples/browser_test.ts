/** Drives the example in Chromium, as a user would. */
import { assert, assertEquals } from "@std/assert";
import { exportEncoder } from "../../train/export/formats.ts";
import { loadEncoder } from "../../train/export/load_encoder.ts";
import { imageFile } from "../datasets/image_file.ts";
import { swappedColors } from "../datasets/swapped_colors.ts";
import { TemporaryFolder } from "../datasets/temporary_folder.ts";
import { makeRun } from "../train/export/tiny_run.ts";
import { fullModel, IMAGE_SIZE, tinyConfig } from "../train/tiny_model.ts";
import { testInChromium } from "./browser/chromium.ts";
import { bundle } from "./browser/bundle.ts";
import { build, ExampleServer } from "./browser/example.ts";
import { ExamplePage } from "./browser/example_page.ts";

/**
 * How far features may be from those that Deno computes by WebAssembly, in parts of the largest. A
 * browser's WebAssembly computes the same to the last bit; WebGPU adds in another order, which gives
 * 3e-7.
 */
const TOLERANCE = 1e-5;

/** Where the page computes, and what it says of that. */
const states = [
  {
    device: "wasm",
    isolated: true,
    workers: navigator.hardwareConcurrency,
    says: "WebAssembly relaxed SIMD, ",
  },
  {
    device: "wasm",
    isolated: false,
    workers: 0,
    says: "WebAssembly relaxed SIMD, 1 thread.",
  },
  {
    device: "webgpu",
    isolated: false,
    workers: 0,
    says: "WebGPU on google swiftshader (software).",
  },
];

const PICTURES = ["0.png", "1.png", "2.png", "3.png", "4.png"] as const;

/** Pictures of several sizes; one has colours of its own definition. */
function picture(i: number): Uint8Array<ArrayBuffer> {
  return imageFile(
    "PNG",
    32 + 11 * i,
    32 + 7 * (i % 3),
    (x, y) => [(40 * i + 8 * x) % 256, (8 * y * i) % 256, (x * y) % 256],
    i === 3 ? swappedColors : undefined,
  );
}

/** Writes exported encoders, whole and cut short, and pictures, one of which is none. */
async function writeFiles(folder: TemporaryFolder): Promise<void> {
  const run = `${folder.path}/run`;
  await makeRun(run);
  const encoder = await exportEncoder(run, "safetensors");
  folder.write("encoder.safetensors", encoder);
  folder.write("short.safetensors", encoder.subarray(0, 5000));
  folder.write("encoder.onnx", await exportEncoder(run, "onnx"));
  for (const [i, name] of PICTURES.entries()) folder.write(name, picture(i));
  folder.write("broken.png", "this is no picture");
}

function assertClose(actual: readonly number[], expected: Float32Array): void {
  assertEquals(actual.length, expected.length);
  const largest = Math.max(...expected.map(Math.abs));
  for (const [i, value] of expected.entries()) {
    const error = Math.abs(actual[i] - value) / largest;
    assert(error < TOLERANCE, `feature ${i} is ${error} away`);
  }
}

function cosineSimilarity(
  a: readonly number[],
  b: readonly number[],
): number {
  const dot = (a: readonly number[], b: readonly number[]) =>
    a.reduce((sum, value, i) => sum + value * b[i], 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

/** Asserts that pictures are in the order of their similarity to the first. */
function assertOrdered(
  order: readonly string[],
  features: ReadonlyMap<string, readonly number[]>,
): void {
  const [query, ...others] = order.map((name) => features.get(name)!);
  let last = Infinity;
  for (const other of others) {
    const similarity = cosineSimilarity(query, other);
    assert(similarity < last + 1e-12, `${order}: ${similarity} after ${last}`);
    last = similarity;
  }
}

testInChromium("examples/browser", async (browser, context) => {
  using folder = new TemporaryFolder();
  await writeFiles(folder);
  const pathOf = (name: string) => `${folder.path}/${name}`;
  using encoder = await loadEncoder(pathOf("encoder.safetensors"), {
    device: "wasm",
  });
  const expected = await encoder.features(PICTURES.map(pathOf));
  await build();
  await using isolating = await ExampleServer.start();
  await using plain = await ExampleServer.start("--no-isolation");

  for (const { device, isolated, workers, says } of states) {
    const title = `on ${device}, isolated: ${isolated}`;
    await context.step(
      `${title}: computes and orders as Deno does`,
      async () => {
        const { url } = isolated ? isolating : plain;
        await using page = await ExamplePage.open(browser, url);
        await page.chooseDevice(device);
        await page.drop(pathOf("encoder.safetensors"));
        await page.drop(...PICTURES.map(pathOf));
        await page.says(`Pictures: 5. Computed on ${says}`);
        assertEquals(page.workers, workers);
        const features = await page.features();
        for (const [i, name] of PICTURES.entries()) {
          assertClose(features.get(name)!, expected[i]);
        }
        await page.choose("2.png");
        const order = await page.order();
        assertEquals(order[0], "2.png");
        assertEquals(order.toSorted(), [...PICTURES]);
        assertOrdered(order, features);
      },
    );
  }

  await context.step("says what it cannot read, and goes on", async () => {
    await using page = await ExamplePage.open(browser, plain.url);
    await page.drop(pathOf("encoder.onnx"));
    await page.says("encoder.onnx is not a safetensors file; ");
    await page.chooseEncoder(pathOf("short.safetensors"));
    await page.says("short.safetensors is cut short: ");
    await page.chooseEncoder(pathOf("encoder.safetensors"));
    await page.drop(...["0.png", "broken.png", "1.png"].map(pathOf));
    await page.says("Pictures: 2. ");
    await page.says("cannot decode broken.png: ");
    assertEquals(await page.order(), ["0.png", "1.png"]);
    // what was dropped in vain is not what another device opens
    await page.drop(pathOf("encoder.safetensors"));
    await page.says("Pictures: 2. ");
    await page.drop(pathOf("encoder.onnx"));
    await page.says("encoder.onnx is not a safetensors file; ");
    await page.chooseDevice("wasm");
    await page.says("Pictures: 2. Computed on WebAssembly");
  });
});

testInChromium(
  "WebGpuDevice: Chromium accepts all shaders of a training step of the full model",
  async (browser) => {
    await using server = await ExampleServer.start();
    const page = await browser.newPage();
    // WebGPU needs a page from somewhere
    await page.goto(server.url);
    const code = await bundle("shaders.ts");
    for (const scheme of ["direct", "tiled"] as const) {
      const count = await page.evaluate(
        async (code, ...parameters) => {
          const type = "text/javascript";
          const url = URL.createObjectURL(new Blob([code], { type }));
          const { readShaders } = await import(url);
          return await readShaders(...parameters);
        },
        code,
        tinyConfig(fullModel),
        IMAGE_SIZE,
        scheme,
      );
      assert(count > 400, `${count} shaders`);
    }
  },
);
