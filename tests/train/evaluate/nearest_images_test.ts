import { assert, assertEquals } from "@std/assert";
import type { Neighbour } from "../../../train/evaluate/most_similar.ts";
import { nearestImages } from "../../../train/evaluate/nearest_images.ts";
import { testOnDevices } from "../../engine/devices.ts";
import { randomArray } from "../../random.ts";

/** All others by falling cosine similarity, in float64. */
function naive(features: readonly Float32Array[], i: number): Neighbour[] {
  const dot = (a: Float32Array, b: Float32Array) =>
    a.reduce((sum, value, k) => sum + value * b[k], 0);
  return features
    .map((row, index) => ({
      index,
      similarity: dot(row, features[i]) /
        Math.sqrt(dot(row, row) * dot(features[i], features[i])),
    }))
    .filter(({ index }) => index !== i)
    .toSorted((a, b) => b.similarity - a.similarity);
}

testOnDevices(
  "nearestImages: finds the most similar of all others, over a ragged last batch",
  async (device) => {
    const total = 1031;
    const features = Array.from({ length: total }, () => randomArray(5));
    const found = await Array.fromAsync(nearestImages(device, features, 3));
    assertEquals(found.length, total);
    for (const [i, neighbours] of found.entries()) {
      assertEquals(neighbours.length, 3);
      // some of both batches
      if (i % 100 !== 0 && i < 1020) continue;
      const others = naive(features, i);
      const expected = others.slice(0, 3);
      for (const [k, { similarity, index }] of neighbours.entries()) {
        assert(Math.abs(similarity - expected[k].similarity) < 1e-5);
        // two may be on a par but for rounding
        const exact = others.find((other) => other.index === index)!;
        assert(Math.abs(exact.similarity - expected[k].similarity) < 1e-5);
      }
    }
  },
);

testOnDevices(
  "nearestImages: takes the lowest index of equals, and no more than there are",
  async (device) => {
    const equal = Array.from({ length: 4 }, () => Float32Array.of(3, 4));
    const indices = (found: Neighbour[][]) =>
      found.map((neighbours) => neighbours.map(({ index }) => index));
    assertEquals(
      indices(await Array.fromAsync(nearestImages(device, equal, 2))),
      [[1, 2], [0, 2], [0, 1], [0, 1]],
    );
    const two = equal.slice(0, 2);
    assertEquals(
      indices(await Array.fromAsync(nearestImages(device, two, 9))),
      [[1], [0]],
    );
    assertEquals(await Array.fromAsync(nearestImages(device, [], 2)), []);
    const many = Array.from({ length: 1030 }, () => Float32Array.of(3, 4));
    const ofMany = indices(
      await Array.fromAsync(nearestImages(device, many, 2)),
    );
    assertEquals(ofMany, [[1, 2], [0, 2], ...Array(1028).fill([0, 1])]);
  },
);

testOnDevices(
  "nearestImages: of images unlike all others finds these, and features of 0 are like none",
  async (device) => {
    // the second batch is filled up
    const features = Array.from({ length: 1030 }, () => Float32Array.of(3, 4));
    features[0] = Float32Array.of(-3, -4);
    const [opposite] = await Array.fromAsync(
      nearestImages(device, features, 2),
    );
    assertEquals(opposite.map(({ index }) => index), [1, 2]);
    const [nothing, ...others] = await Array.fromAsync(
      nearestImages(device, [new Float32Array(2), ...features.slice(1, 3)], 2),
    );
    assertEquals(nothing, [
      { index: 1, similarity: 0 },
      { index: 2, similarity: 0 },
    ]);
    assertEquals(others.map(([{ index }]) => index), [2, 1]);
  },
);
