import { assertEquals } from "@std/assert";
import { embedFiles } from "../../../train/export/embed.ts";
import { encoderOfRun } from "../../../train/export/export_encoder.ts";
import { FileDecoder } from "../../../train/export/file_decoder.ts";
import { PretrainedEncoder } from "../../../train/export/pretrained_encoder.ts";
import { imageFile } from "../../datasets/image_file.ts";
import { TemporaryFolder } from "../../datasets/temporary_folder.ts";
import { devices } from "../../engine/devices.ts";
import { makeRun } from "./tiny_run.ts";
import { testWithSeed } from "../../random.ts";

testWithSeed(
  "embedFiles: gives every file its own features or its own error, over several blocks",
  async () => {
    using folder = new TemporaryFolder();
    await makeRun(`${folder.path}/run`);
    const contents = await encoderOfRun(`${folder.path}/run`);
    using encoder = await PretrainedEncoder.open(contents, "it", {
      device: devices[0],
      decoder: new FileDecoder(),
    });
    const colours = [10, 120, 240];
    for (const red of colours) {
      const file = imageFile("PNG", 8, 8, (x, y) => [red, 30 * x, 30 * y]);
      folder.write(`${red}.png`, file);
    }
    const images = colours.map((red) => `${folder.path}/${red}.png`);
    const expected = await encoder.features(images);
    const missing = `${folder.path}/nowhere.png`;
    // 128 files make a block
    const paths = Array.from(
      { length: 131 },
      (_, i) => i % 64 === 1 ? missing : images[i % 3],
    );
    let i = 0;
    for await (const embedding of embedFiles(encoder, paths)) {
      assertEquals(embedding.path, paths[i]);
      if ("error" in embedding) assertEquals(i % 64, 1);
      else assertEquals(embedding.features, expected[i % 3]);
      i++;
    }
    assertEquals(i, paths.length);
  },
);
