import type { Augmentation } from "../../../datasets/augmentation/augmentation.ts";
import type { Device, HostArray } from "../../../engine/devices/device.ts";
import { RandomSource } from "../../../engine/ops/random.ts";
import { Program } from "../../../engine/program.ts";
import { input } from "../../../engine/graph/tensor.ts";
import { poison } from "../../engine/compare.ts";

/** Images as they are stored: `[n, 3, size, size]`. */
export interface StoredImages {
  readonly size: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Seed and step. */
export type Key = readonly [number, number];

function shapeOf({ size, bytes }: StoredImages): number[] {
  return [bytes.length / (3 * size * size), 3, size, size];
}

/** The views that a device makes for training, once for each key. */
export async function runTrain(
  device: Device,
  augmentation: Pick<Augmentation, "train">,
  images: StoredImages,
  views: number,
  keys: readonly Key[],
): Promise<HostArray[]> {
  await poison(device);
  const program = await Program.compile(device, {
    outputs: [
      augmentation.train(
        input("images", shapeOf(images), "u8"),
        views,
        new RandomSource(input("key", [2], "u32")),
      ),
    ],
  });
  const results: HostArray[] = [];
  for (const key of keys) {
    const [result] = await program.evaluate({
      images: images.bytes,
      key: Uint32Array.from(key),
    });
    results.push(result);
  }
  program.destroy();
  return results;
}

/** The plain views that a device makes. */
export async function runEvaluate(
  device: Device,
  augmentation: Augmentation,
  images: StoredImages,
): Promise<HostArray> {
  await poison(device);
  const program = await Program.compile(device, {
    outputs: [
      augmentation.evaluate(input("images", shapeOf(images), "u8")),
    ],
  });
  const [result] = await program.evaluate({ images: images.bytes });
  program.destroy();
  return result;
}
