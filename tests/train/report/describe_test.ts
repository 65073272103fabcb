import { assertEquals } from "@std/assert";
import { MemoryImages } from "../../../datasets/memory_images.ts";
import { describe } from "../../../train/report/describe.ts";
import { fullModel, tinyConfig } from "../tiny_model.ts";

Deno.test("describe: names the method, what is turned on, the network, the images and the steps", () => {
  const images = new MemoryImages(new Uint8Array(3 * 2000), 1);
  const config = { steps: 12345 };
  const end =
    ". It trained a ResNet-18 of width 0.0625 on 2,000 synthetic images of 1 × 1 pixels, for 1,000 of 12,345 steps of 8 images.";
  assertEquals(
    describe(tinyConfig({ ...config, ...fullModel }), 1000, images),
    `Masked patch prediction with attention exchange, double view, dynamic vocabulary${end}`,
  );
  assertEquals(
    describe(tinyConfig(config), 1000, images),
    `Masked patch prediction${end}`,
  );
  const allp = tinyConfig({ ...config, model: { name: "allp", exchange: {} } });
  assertEquals(
    describe(allp, 1000, images),
    `Allp with attention exchange${end}`,
  );
});
