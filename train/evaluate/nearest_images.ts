import type { Device } from "../../engine/devices/device.ts";
import { input, Storage } from "../../engine/graph/tensor.ts";
import { matmul } from "../../engine/ops/matmul.ts";
import { l2Normalize } from "../../engine/ops/normalization.ts";
import { Program } from "../../engine/program.ts";
import { mostSimilar, type Neighbour } from "./most_similar.ts";

/** Images compared with all others at a time. */
const BATCH_SIZE = 64;

/**
 * Finds the images most similar to each, by the cosine similarity of their features.
 *
 * @param features The features of each image.
 * @param count How many to find for each.
 * @returns for each image its neighbours, the most similar first, in ties the one of lower index;
 * fewer than `count` where there are not that many others.
 * @throws {UserError} if the device cannot hold the features.
 */
export async function* nearestImages(
  device: Device,
  features: readonly Float32Array[],
  count: number,
): AsyncGenerator<Neighbour[]> {
  const total = features.length;
  if (total === 0) return;
  const width = features[0].length;
  const all = new Float32Array(total * width);
  features.forEach((row, i) => all.set(row, i * width));
  const storage = new Storage("features", all.length, "f32", all);
  const batchSize = Math.min(BATCH_SIZE, total);
  // [batchSize, width] x [total, width] -> [batchSize, total]
  const similarities = matmul(
    l2Normalize(input("queries", [batchSize, width])),
    l2Normalize(storage.tensor([total, width])),
    { transposeB: true },
  );
  const program = await Program.compile(device, { outputs: [similarities] });
  try {
    const queries = new Float32Array(batchSize * width);
    for (let start = 0; start < total; start += batchSize) {
      const end = Math.min(total, start + batchSize);
      queries.set(all.subarray(start * width, end * width));
      const [rows] = await program.evaluate({ queries });
      for (let i = start; i < end; i++) {
        const row = rows.subarray((i - start) * total, (i - start + 1) * total);
        yield mostSimilar(row, count, i);
      }
    }
  } finally {
    program.destroy();
    device.release(storage);
  }
}
