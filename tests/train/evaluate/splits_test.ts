import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { holdOut } from "../../../train/evaluate/splits.ts";

const sizes = [40, 13, 7, 100, 1, 9];
/** Classes of these sizes, mixed. */
const labels = Uint32Array.from(
  sizes.flatMap((size, label) => Array.from({ length: size }, () => label)),
).map((_, i, all) => all[(i * 37) % all.length]);

Deno.test("holdOut: takes its share of every class, rounded up or down, and no image twice", () => {
  for (const share of [0.1, 0.25, 0.5]) {
    for (const seed of [0, 1, 2 ** 32 - 1]) {
      const { training, heldOut } = holdOut(labels, share, seed);
      assertEquals(heldOut.length, Math.round(share * labels.length));
      const all = [...training, ...heldOut].sort((a, b) => a - b);
      assertEquals(all, [...labels.keys()]);
      assertEquals([...training], [...training].sort((a, b) => a - b));
      sizes.forEach((size, label) => {
        const count = heldOut.filter((i) => labels[i] === label).length;
        assert(Math.abs(count - share * size) < 1, `class ${label}: ${count}`);
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
