import { assertEquals, assertNotEquals } from "@std/assert";
import {
  type AugmentationOptions,
  createAugmentation,
} from "../../../datasets/augmentation/registry.ts";
import { testOnDevices } from "../../engine/devices.ts";
import { runTrain } from "./run.ts";
import { randomBytes } from "../../random.ts";

const kinds: AugmentationOptions[] = [
  { name: "translate" },
  { name: "crop", size: 16 },
];

for (const options of kinds) {
  testOnDevices(
    `${options.name}: the views are a function of seed and step`,
    async (device) => {
      const size = 16;
      const images = { size, bytes: randomBytes(4 * 3 * size * size) };
      const augmentation = createAugmentation(options, size);
      const [first, otherStep, otherSeed, again] = await runTrain(
        device,
        augmentation,
        images,
        2,
        [[10, 0], [10, 1], [11, 0], [10, 0]],
      );
      const [elsewhere] = await runTrain(device, augmentation, images, 2, [
        [10, 0],
      ]);
      assertEquals(again, first);
      assertEquals(elsewhere, first);
      assertNotEquals(otherStep, first);
      assertNotEquals(otherSeed, first);
      assertNotEquals(otherSeed, otherStep);
    },
  );
}
