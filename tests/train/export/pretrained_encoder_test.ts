import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { MemoryImages } from "../../../datasets/memory_images.ts";
import type { PixelImage } from "../../../datasets/resize.ts";
import { squarePlanes } from "../../../datasets/resize.ts";
import { input } from "../../../engine/graph/tensor.ts";
import type { Device } from "../../../engine/devices/device.ts";
import { Program } from "../../../engine/program.ts";
import { UserError } from "../../../engine/user_error.ts";
import { Context } from "../../../layers/context.ts";
import { buildModel } from "../../../train/build_model.ts";
import { encoderOfRun } from "../../../train/export/export_encoder.ts";
import type { EncoderContents } from "../../../train/export/encoder_file.ts";
import { PretrainedEncoder } from "../../../train/export/pretrained_encoder.ts";
import type { StoredTensor } from "../../../train/run/safetensors_header.ts";
import { restoreState } from "../../../train/run/training_state.ts";
import { TemporaryFolder } from "../../datasets/temporary_folder.ts";
import { testOnDevices, testOnWasm } from "../../engine/devices.ts";
import { randomBytes } from "../../random.ts";
import { IMAGE_SIZE, makeRun } from "./tiny_run.ts";

async function tinyEncoder(): Promise<EncoderContents> {
  using folder = new TemporaryFolder();
  await makeRun(`${folder.path}/run`);
  return await encoderOfRun(`${folder.path}/run`);
}

/** The features that evaluation computes, by a program of another batch size. */
async function evaluated(
  device: Device,
  { description, tensors }: EncoderContents,
  pixels: Uint8Array,
): Promise<Float32Array[]> {
  const built = buildModel({ ...description, seed: 1 }, IMAGE_SIZE);
  await restoreState(device, built, tensors);
  const dataset = new MemoryImages(pixels, IMAGE_SIZE);
  const images = input("images", [2, 3, IMAGE_SIZE, IMAGE_SIZE], "u8");
  const program = await Program.compile(device, {
    outputs: [
      built.model.features(built.augmentation.evaluate(images), new Context()),
    ],
  });
  const features: Float32Array[] = [];
  for (let i = 0; i < dataset.size; i++) {
    const [rows] = await program.evaluate({
      images: await dataset.read([i, 0]),
    });
    features.push(Float32Array.from(rows.subarray(0, rows.length / 2)));
  }
  program.destroy();
  return features;
}

testOnDevices(
  "PretrainedEncoder: computes what evaluation computes, whatever the batch",
  async (device) => {
    const contents = await tinyEncoder();
    const count = 5;
    const pixels = randomBytes(count * 3 * IMAGE_SIZE ** 2);
    const expected = await evaluated(device, contents, pixels);
    for (const batchSize of device.kind === "wasm" ? [1, 3, 5, 8] : [3]) {
      using encoder = await PretrainedEncoder.open(contents, "it", {
        device,
        batchSize,
      });
      const features = await encoder.featuresOfSquares(pixels);
      if (device.kind === "wasm") assertEquals(features, expected);
      else {
        const error = Math.max(
          ...features.flatMap((row, i) =>
            [...row].map((value, j) => Math.abs(value - expected[i][j]))
          ),
        );
        assertEquals(error < 1e-4, true, `${error}`);
      }
    }
  },
);

testOnWasm(
  "PretrainedEncoder: takes pictures of any size, each by itself",
  async (device) => {
    const contents = await tinyEncoder();
    using encoder = await PretrainedEncoder.open(contents, "it", {
      device,
      batchSize: 2,
    });
    const pictures: PixelImage[] = [[7, 40], [64, 33], [IMAGE_SIZE, IMAGE_SIZE]]
      .map(([width, height]) => ({
        width,
        height,
        data: randomBytes(4 * width * height),
      }));
    // calls may overlap
    const [together, images, ...single] = await Promise.all([
      encoder.features(pictures),
      encoder.features(pictures, "image"),
      ...pictures.map((picture) => encoder.features([picture])),
    ]);
    assertEquals(single.flat(), together);
    assertEquals(images.map((row) => row.length), [32, 32, 32]);
    const squares = pictures.map((picture) =>
      encoder.featuresOfSquares(squarePlanes(picture, IMAGE_SIZE))
    );
    assertEquals((await Promise.all(squares)).flat(), together);
    assertEquals(await encoder.features(pictures, "I"), images);
    assertEquals(await encoder.features([]), []);
    await assertRejects(
      () => encoder.features(pictures, "heads"),
      RangeError,
      'there are no features "heads"; there are "patch res1", "patch res2", ',
    );
  },
);

testOnWasm("PretrainedEncoder: refuses a batch of nothing", async (device) => {
  const contents = await tinyEncoder();
  await assertRejects(
    () => PretrainedEncoder.open(contents, "it", { device, batchSize: 0 }),
    RangeError,
    "batchSize must be at least 1, not 0",
  );
  assertThrows(
    () => squarePlanes({ width: 2, height: 2, data: randomBytes(12) }, 8),
    RangeError,
    "a picture of 2x2 pixels needs 16 bytes of RGBA, not 12",
  );
});

testOnWasm(
  "PretrainedEncoder: refuses tensors that are not those of its model",
  async (device) => {
    const { description, tensors } = await tinyEncoder();
    const refusals: [string, StoredTensor | undefined, string][] = [
      ["positions", undefined, "missing"],
      ["positions", { shape: [1], data: Float32Array.of(1) }, "of shape [1]"],
      [
        "patchNetwork.norm.mean",
        { shape: [3], data: Float32Array.of(1, 2, 3) },
        "of shape [3]",
      ],
    ];
    for (const [name, tensor, problem] of refusals) {
      const { [name]: _, ...others } = tensors;
      const changed = tensor ? { ...others, [name]: tensor } : others;
      const contents = { description, tensors: changed };
      await assertRejects(
        () => PretrainedEncoder.open(contents, "it", { device }),
        UserError,
        `it does not fit the model that it describes: ${name} is ${problem}`,
      );
    }
  },
);
