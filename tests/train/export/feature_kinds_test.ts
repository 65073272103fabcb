import { assertEquals } from "@std/assert";
import { input } from "../../../engine/graph/tensor.ts";
import { Program } from "../../../engine/program.ts";
import { Context } from "../../../layers/context.ts";
import { buildModel } from "../../../train/build_model.ts";
import {
  allFeatures,
  featureWidths,
} from "../../../train/export/feature_kinds.ts";
import { assertClose } from "../../engine/compare.ts";
import { testOnDevices } from "../../engine/devices.ts";
import { randomArray } from "../../random.ts";
import { fullModel, IMAGE_SIZE, tinyConfig } from "../tiny_model.ts";

testOnDevices(
  "allFeatures: all are the layers of the table side by side, I and Î once",
  async (device) => {
    for (const changes of [{}, fullModel]) {
      const { model } = buildModel(tinyConfig(changes), IMAGE_SIZE);
      const images = input("images", [3, IMAGE_SIZE, IMAGE_SIZE, 3]);
      const features = allFeatures(model, images, new Context());
      const program = await Program.compile(device, {
        outputs: Object.values(features),
      });
      const results = await program.evaluate({
        images: randomArray(images.size),
      });
      program.destroy();
      const rows = Object.fromEntries(
        Object.keys(features).map((kind, i) => [kind, results[i]]),
      );
      const { all, image: _, "I, Î": both, ...layers } = rows;
      assertEquals(both !== undefined, changes === fullModel);
      const widths = featureWidths(model, IMAGE_SIZE);
      const expected = [0, 1, 2].flatMap((n) =>
        Object.entries(layers).flatMap(([kind, values]) => [
          ...values.subarray(n * widths[kind], (n + 1) * widths[kind]),
        ])
      );
      assertClose(all, expected, "all");
    }
  },
);
