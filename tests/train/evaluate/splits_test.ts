import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { drawShare, holdOut } from "../../../train/evaluate/splits.ts";

const sizes = [40, 13, 7, 100, 1, 9];
/** Classes of these sizes, mixed. */
const labels = Uint32Array.from(
  sizes.flatMap((size, label) => Array.from({ length: size }, () => label)),
).map((_, i, all) => all[(i * 37) % all.length]);

Deno.test("holdOut: takes its share of every class, rounded up or down, and no image twice", () => {
  for (const share of [0.1, 0.25, 0.5]) {
    for (const seed of [0, 1, 2 ** 32 - 1]) {
      const { training, heldOut } = holdOut(labels, share, seed);
      // all but the only image of a class
      assertEquals(heldOut.length, Math.round(share * (labels.length - 1)));
      const all = [...training, ...heldOut].sort((a, b) => a - b);
      assertEquals(all, [...labels.keys()]);
      assertEquals([...training], [...training].sort((a, b) => a - b));
      sizes.forEach((size, label) => {
        const count = heldOut.filter((i) => labels[i] === label).length;
        assert(Math.abs(count - share * size) < 1, `class ${label}: ${count}`);
        if (size === 1) assertEquals(count, 0);
      });
    }
  }
});

Deno.test("holdOut: the seed alone decides which images of a class", () => {
  assertEquals(holdOut(labels, 0.1, 5), holdOut(labels, 0.1, 5));
  assertNotEquals(holdOut(labels, 0.1, 5), holdOut(labels, 0.1, 6));
});

Deno.test("holdOut: leaves an image on each side of the smallest sets", () => {
  for (const size of [2, 3]) {
    for (const share of [0.01, 0.99]) {
      const few = holdOut(new Uint32Array(size), share, 0);
      assertEquals(few.heldOut.length, share < 0.5 ? 1 : size - 1);
      assertEquals(few.training.length + few.heldOut.length, size);
    }
  }
});

Deno.test("holdOut: which classes are rounded up follows from the seed", () => {
  // 20 classes of 5 images
  const labels = Uint32Array.from({ length: 100 }, (_, i) => i % 20);
  const classesOf = (seed: number) =>
    [...holdOut(labels, 0.1, seed).heldOut].map((i) => labels[i]).sort();
  assertEquals(new Set(classesOf(1)).size, 10);
  assertNotEquals(classesOf(1), classesOf(2));
});

Deno.test("drawShare: takes its share of every class, and one image of each at least", () => {
  for (const share of [0.01, 0.1, 0.5, 1]) {
    for (const seed of [0, 1, 2 ** 32 - 1]) {
      const drawn = drawShare(labels, share, seed);
      assertEquals(new Set(drawn).size, drawn.length);
      assertEquals([...drawn], [...drawn].sort((a, b) => a - b));
      sizes.forEach((size, label) => {
        const count = drawn.filter((i) => labels[i] === label).length;
        const expected = share * size;
        assert(count >= 1 && count <= size, `class ${label}: ${count}`);
        assert(count === 1 || Math.abs(count - expected) < 1, `${count}`);
      });
    }
  }
  assertEquals(drawShare(labels, 0.1, 5), drawShare(labels, 0.1, 5));
  assertNotEquals(drawShare(labels, 0.1, 5), drawShare(labels, 0.1, 6));
});
