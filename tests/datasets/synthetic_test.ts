import { assertEquals, assertLess, assertNotEquals } from "@std/assert";
import { synthetic } from "../../datasets/synthetic.ts";
import { randomWord, testWithSeed } from "../random.ts";

const [seed, otherSeed] = [randomWord(), randomWord()];

testWithSeed(
  "synthetic: an image depends on seed, split and position alone",
  async () => {
    const small = await synthetic.open({
      name: "synthetic",
      trainSize: 20,
      testSize: 10,
      seed,
    });
    const large = await synthetic.open({
      name: "synthetic",
      trainSize: 30,
      testSize: 20,
      seed,
    });
    const other = await synthetic.open({
      name: "synthetic",
      trainSize: 20,
      testSize: 10,
      seed: otherSeed,
    });
    const image = await small.train!.read([13]);
    assertEquals(await large.train!.read([13]), image);
    assertNotEquals(await large.test!.read([13]), image);
    assertNotEquals(await other.train!.read([13]), image);
    assertNotEquals(await small.train!.read([3]), image);
  },
);

testWithSeed(
  "synthetic: classes are ten, named and equally frequent",
  async () => {
    const { train, unlabelled } = await synthetic.open({
      name: "synthetic",
      trainSize: 50,
      testSize: 1,
      seed,
    });
    assertEquals(unlabelled, train!);
    assertEquals(new Set(train!.classNames).size, 10);
    for (let label = 0; label < 10; label++) {
      assertEquals(train!.labels!.filter((value) => value === label).length, 5);
    }
  },
);

testWithSeed("synthetic: images are neither flat nor clipped", async () => {
  const { train } = await synthetic.open({
    name: "synthetic",
    trainSize: 100,
    testSize: 1,
    seed,
  });
  const images = await train!.read([...Array(100).keys()]);
  const extreme = images.filter((value) => value === 0 || value === 255).length;
  assertLess(extreme / images.length, 0.05);
  for (let i = 0; i < 100; i++) {
    const values = images.subarray(i * 3072, (i + 1) * 3072);
    assertLess(60, Math.max(...values) - Math.min(...values));
  }
});
