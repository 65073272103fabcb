import type { Device } from "../../engine/devices/device.ts";
import { input } from "../../engine/graph/tensor.ts";
import { matmul } from "../../engine/ops/matmul.ts";
import { Program } from "../../engine/program.ts";
import { mostSimilar, type Neighbour } from "./most_similar.ts";

/** Images compared with as many others at a time, so that a device need not hold all features. */
const BATCH_SIZE = 1024;
/** Shorter vectors are divided by this in place of their length, which may be 0. */
const EPSILON = 1e-6;

/**
 * Finds the images most similar to each, by the cosine similarity of their features.
 *
 * @param features The features of each image.
 * @param count How many to find for each.
 * @returns for each image its neighbours, the most similar first, in ties the one of lower index;
 * fewer than `count` where there are not that many others.
 * @throws {UserError} if the device cannot hold the features of a batch.
 */
export async function* nearestImages(
  device: Device,
  features: readonly Float32Array[],
  count: number,
): AsyncGenerator<Neighbour[]> {
  const total = features.length;
  if (total === 0) return;
  const width = features[0].length;
  const batchSize = Math.min(BATCH_SIZE, total);
  const batches = Array.from(
    { length: Math.ceil(total / batchSize) },
    (_, i) => i * batchSize,
  );
  const directions = features.map(directionOf);
  const batchAt = (start: number) => {
    const batch = new Float32Array(batchSize * width);
    directions.slice(start, start + batchSize)
      .forEach((row, i) => batch.set(row, i * width));
    return batch;
  };
  // [batchSize, width] x [batchSize, width] -> [batchSize, batchSize]
  const similarities = matmul(
    input("queries", [batchSize, width]),
    input("others", [batchSize, width]),
    { transposeB: true },
  );
  const program = await Program.compile(device, { outputs: [similarities] });
  try {
    for (const start of batches) {
      const queries = batchAt(start);
      const size = Math.min(batchSize, total - start);
      let found: Neighbour[][] = Array.from({ length: size }, () => []);
      for (const other of batches) {
        const others = other === start ? queries : batchAt(other);
        const [rows] = await program.evaluate({ queries, others });
        const end = Math.min(batchSize, total - other);
        found = found.map((nearest, i) => {
          const row = rows.subarray(i * batchSize, i * batchSize + end);
          const added = mostSimilar(row, count, start + i - other)
            .map(({ index, similarity }) => ({
              index: other + index,
              similarity,
            }));
          // stable, and of equals those found before have the lower index
          return [...nearest, ...added]
            .sort((a, b) => b.similarity - a.similarity)
            .slice(0, count);
        });
      }
      yield* found;
    }
  } finally {
    program.destroy();
  }
}

/** A vector of length 1 in the same direction. */
function directionOf(vector: Float32Array): Float32Array {
  const length = Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0));
  return vector.map((x) => x / Math.max(length, EPSILON));
}
