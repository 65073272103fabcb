import {
  assert,
  assertEquals,
  assertNotEquals,
  assertRejects,
} from "@std/assert";
import {
  randomArray,
  randomBytes,
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

testWithSeed("randomBytes: takes every value about equally often", () => {
  const counts = new Array<number>(256).fill(0);
  for (const byte of randomBytes(256 * 1000)) counts[byte]++;
  // eight standard deviations
  assertEquals(counts.filter((count) => Math.abs(count - 1000) > 250), []);
});

Deno.test("seed: all randomness of the tests follows from it", () => {
  const others = /\bMath\.random\b|\bgetRandomValues\b/;
  // this module and its test, and programs that draw a seed of their own and print it
  const exceptions =
    /^(random(_test)?\.ts|mutate\.ts|fuzz\/main\.ts|campaigns\/)/;
  const tests = new URL("./", import.meta.url);
  const files = filesBelow(tests);
  assert(files.length > 300);
  const offenders = files
    .filter((file) => others.test(Deno.readTextFileSync(file)))
    .map(({ href }) => href.slice(tests.href.length))
    .filter((path) => !exceptions.test(path));
  assertEquals(offenders, []);
});

/** The TypeScript files in a folder and the folders in it. */
function filesBelow(folder: URL): URL[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
    isDirectory
      ? filesBelow(new URL(`${name}/`, folder))
      : name.endsWith(".ts")
      ? [new URL(name, folder)]
      : []
  );
}
