import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import {
  randomArray,
  randomNumber,
  randomWord,
  seed,
  testWithSeed,
  withSeed,
} from "./random.ts";

async function drawn(name: string): Promise<number[]> {
  let values: number[] = [];
  await withSeed(name, () => {
    values = [...randomArray(5)];
  });
  return values;
}

Deno.test("withSeed: numbers depend on the seed and the name of the test alone", async () => {
  const first = await drawn("a");
  assertNotEquals(await drawn("b"), first);
  assertEquals(await drawn("a"), first);
});

Deno.test("withSeed: names the seed where a test fails", async () => {
  const failing = () => {
    throw new Error("wrong");
  };
  const message = `wrong\n(to repeat: DV2_TEST_SEED=${seed})`;
  await assertRejects(() => withSeed("a", failing), Error, message);
});

testWithSeed("randomNumber: lies between its bounds", () => {
  for (let i = 0; i < 1000; i++) {
    const value = randomNumber(2, 3);
    assertEquals(value >= 2 && value < 3, true);
  }
});

testWithSeed("randomWord: is a whole number of 32 bits", () => {
  const words = Array.from({ length: 100 }, randomWord);
  assertEquals(words.map((word) => word >>> 0), words);
  assertEquals(words.some((word) => word >= 2 ** 31), true);
});
