import { assertEquals } from "@std/assert";
import { mostSimilar } from "../../../train/evaluate/most_similar.ts";
import { randomNumber, testWithSeed } from "../../random.ts";

testWithSeed(
  "mostSimilar: agrees with sorting all, ties and all, without the one left out",
  () => {
    for (let i = 0; i < 100; i++) {
      // few values, so that many are equal
      const similarities = Float32Array.from(
        { length: 1 + i },
        () => Math.floor(randomNumber(0, 6)),
      );
      const [count, own] = [i % 8, i % 3 === 0 ? undefined : i % 11];
      const sorted = Array.from(
        similarities,
        (similarity, index) => ({ index, similarity }),
      ).filter(({ index }) => index !== own)
        .sort((a, b) => b.similarity - a.similarity || a.index - b.index);
      assertEquals(
        mostSimilar(similarities, count, own),
        sorted.slice(0, count),
      );
    }
  },
);
