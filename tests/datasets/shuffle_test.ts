import { assertEquals, assertNotEquals } from "@std/assert";
import { shuffledOrder } from "../../datasets/shuffle.ts";
import { randomWord, testWithSeed } from "../random.ts";

testWithSeed(
  "shuffledOrder: names each position once, in an order that seed and round fix",
  () => {
    const [seed, round] = [randomWord(), randomWord()];
    const order = shuffledOrder(100, seed, round);
    assertEquals([...order].sort((a, b) => a - b), [...Array(100).keys()]);
    assertEquals(shuffledOrder(100, seed, round), order);
    assertNotEquals(shuffledOrder(100, seed ^ 1, round), order);
    assertNotEquals(shuffledOrder(100, seed, round ^ 1), order);
  },
);

testWithSeed("shuffledOrder: all orders are equally likely", () => {
  const [seed, rounds] = [randomWord(), 6000];
  const counts = new Map<string, number>();
  for (let round = 0; round < rounds; round++) {
    const order = shuffledOrder(3, seed, round).join();
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  // eight standard deviations
  const uneven = [...counts].filter(([, count]) =>
    Math.abs(count - 1000) > 230
  );
  assertEquals([counts.size, uneven], [6, []]);
});
