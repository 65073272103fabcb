import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { computeFeatures } from "../../../train/evaluate/compute_features.ts";
import { buildModel } from "../../../train/build_model.ts";
import { input } from "../../../engine/graph/tensor.ts";
import { Context } from "../../../layers/context.ts";
import { testOnDevices } from "../../engine/devices.ts";
import { assertClose } from "../../engine/compare.ts";
import { evaluate } from "../../engine/reference.ts";
import {
  fullModel,
  IMAGE_SIZE,
  tinyConfig,
  tinyImages,
} from "../tiny_model.ts";

testOnDevices(
  "computeFeatures: computes each image by itself, a ragged last batch and all, and stops when asked",
  async (device) => {
    const dataset = tinyImages();
    const built = buildModel(tinyConfig(fullModel), dataset.imageSize);
    // the last batch is not full; two images come twice, in other places
    const positions = Uint32Array.of(3, 0, 7, 7, 23, 11, 0);
    const images = { dataset, positions };
    const progress: number[] = [];
    const features = await computeFeatures(device, built, images, {
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
        computeFeatures(device, built, images, {
          batchSize: 3,
          signal: AbortSignal.abort(new Error("enough")),
        }),
      Error,
      "enough",
    );
  },
);

testOnDevices(
  "computeFeatures: gives the representations of each image as float64 has them",
  async (device) => {
    const dataset = tinyImages();
    const built = buildModel(tinyConfig(fullModel), dataset.imageSize);
    const positions = Uint32Array.of(5, 0, 17);
    const features = await computeFeatures(
      device,
      built,
      { dataset, positions },
      { batchSize: 2 },
    );
    const image = input("image", [1, 3, IMAGE_SIZE, IMAGE_SIZE], "u8");
    const representations = Object.entries(
      built.model.representations(
        built.augmentation.evaluate(image),
        new Context(),
      ),
    );
    assertEquals(
      Object.keys(features),
      representations.map(([name]) => name),
    );
    for (const [i, position] of positions.entries()) {
      const expected = evaluate(
        representations.map(([, tensor]) => tensor),
        { image: await dataset.read([position]) },
      );
      for (const [j, [name]] of representations.entries()) {
        const { width, values } = features[name];
        assertClose(
          values.subarray(i * width, (i + 1) * width),
          expected[j],
          `${name} of image ${position}`,
          1e-4,
        );
      }
    }
  },
);
