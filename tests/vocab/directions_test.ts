import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { randomDirections } from "../../vocab/directions.ts";
import { rowsOf } from "../losses/check.ts";

Deno.test("randomDirections: are uniform on the sphere and follow from the seed", () => {
  const [n, width] = [50, 128];
  const vectors = randomDirections(n, width, 1);
  const rows = rowsOf(vectors, width);
  assertEquals(rows.length, n);
  for (const row of rows) assertAlmostEquals(Math.hypot(...row), 1, 1e-6);
  // a coordinate has a deviation of 1 / sqrt(128), the mean of 50 of them one of 0.0125
  for (let axis = 0; axis < width; axis++) {
    const mean = rows.reduce((sum, row) => sum + row[axis], 0) / n;
    assert(Math.abs(mean) < 0.06);
  }
  assertEquals(randomDirections(n, width, 1), vectors);
  const other = randomDirections(n, width, 2);
  assert(other.every((value, i) => value !== vectors[i]));
});
