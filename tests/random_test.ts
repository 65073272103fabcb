import {
  assert,
  assertEquals,
  assertNotEquals,
  assertRejects,
} from "@std/assert";
import configuration from "../deno.json" with { type: "json" };
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
  const tests = new URL("./", import.meta.url);
  const files = filesBelow(tests).map(({ href }) =>
    href.slice(tests.href.length)
  );
  assert(files.length > 300);
  // programs that draw their own seed and print it
  const programs = Object.values(configuration.tasks)
    .flatMap(({ command }) => command.match(/\btests\/\S+\.ts/g) ?? [])
    .map((path) => path.slice("tests/".length));
  const exceptions = ["random.ts", "random_test.ts", ...programs];
  assertEquals(
    files.filter((file) => !exceptions.includes(file))
      .filter((file) =>
        others.test(Deno.readTextFileSync(new URL(file, tests)))
      ),
    [],
  );
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
