import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { represent } from "../../../train/evaluate/represent.ts";
import { buildModel } from "../../../train/build_model.ts";
import { testOnDevices } from "../../engine/devices.ts";
import { assertClose } from "../../engine/compare.ts";
import { fullModel, tinyConfig, tinyImages } from "../tiny_model.ts";

testOnDevices(
  "represent: computes each image by itself, a ragged last batch and all, and stops when it is told",
  async (device) => {
    const dataset = tinyImages();
    const built = buildModel(tinyConfig(fullModel), dataset.imageSize);
    // the last batch is not full; two images come twice, in other places
    const positions = Uint32Array.of(3, 0, 7, 7, 23, 11, 0);
    const images = { dataset, positions };
    const progress: number[] = [];
    const features = await represent(device, built, images, {
      batchSize: 3,
      onProgress: (done) => progress.push(done),
    });
    assertEquals(progress, [3, 6, 7]);
    for (const [name, { width, values }] of Object.entries(features)) {
      assertEquals(values.length, positions.length * width, name);
      const row = (i: number) => values.subarray(i * width, (i + 1) * width);
      assertClose(row(3), row(2), name, 1e-6);
      assertClose(row(6), row(1), name, 1e-6);
      assertNotEquals(row(0), row(1), name);
    }
    await assertRejects(
      () =>
        represent(device, built, images, {
          batchSize: 3,
          signal: AbortSignal.abort(new Error("enough")),
        }),
      Error,
      "enough",
    );
  },
);
