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

Deno.test("synthetic: the images are those of earlier versions, whose runs go on", async () => {
  const { train } = await synthetic.open({
    name: "synthetic",
    trainSize: 10,
    testSize: 1,
    seed: 1,
  });
  const images = await train!.read([...Array(10).keys()]);
  const some = images.filter((_, i) => i % 97 === 0);
  const expected = Uint8Array.fromBase64(
    "wNj56D9Ch4leN8m+y0pmbUI0LG+E1t3SzLOQ2+Po2+CunoyIiIuSjo2Tf519m5u+tLvAtoenp4CWlI+ajoyNlLzFt6Oco6mCNJK5" +
      "ypQwJ3N4LyKhs8vX3M++xT9cqa/El4+Jh8DBxZSRiZ7TfyghJyYkKnWNnZqfwr+0e4uNj7fbytrgxd7Or6GX2+o3Njs0Oc/GzKWk" +
      "m6iDtZ2fkZKbmYuSjY+XrKqzqrK5vktjd0lHeITBxsjUUoR1e8TZ29BvraCNkmMzjYuSlZWKWouHt71qjK9VZ2LNc1djb3tyyLm/" +
      "xMiNhrrUvLWwsHdESR54Z7a+j5icpK6jq6ivq6OxwNHOh2A7zsvVvIM3ZDyFOV484u3C2nVPXrPg9Pn58TgzQT4oKyUZEhM7NyDE" +
      "i4SKoMQVHF9jaWpsdGhyZFs=",
  );
  const differences = some.map((value, i) => Math.abs(value - expected[i]));
  // another processor may round otherwise
  assertLess(Math.max(...differences), 2);
});

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
