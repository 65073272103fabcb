import { assertEquals } from "@std/assert";
import { rowBatches, selectRows } from "../../../train/evaluate/features.ts";

const features = {
  width: 2,
  values: Float32Array.of(0, 1, 10, 11, 20, 21, 30, 31, 40, 41),
  labels: Uint32Array.of(5, 6, 7, 8, 9),
};

Deno.test("selectRows: takes rows and labels in the order of the indices", () => {
  assertEquals(selectRows(features, Uint32Array.of(3, 0, 3)), {
    width: 2,
    values: Float32Array.of(30, 31, 0, 1, 30, 31),
    labels: Uint32Array.of(8, 5, 8),
  });
});

Deno.test("rowBatches: fills the last batch up with zeros", () => {
  assertEquals(rowBatches(features, 2), [
    { start: 0, count: 2, values: Float32Array.of(0, 1, 10, 11) },
    { start: 2, count: 2, values: Float32Array.of(20, 21, 30, 31) },
    { start: 4, count: 1, values: Float32Array.of(40, 41, 0, 0) },
  ]);
  const [whole, ...none] = rowBatches(features, 5);
  assertEquals([whole.count, none.length], [5, 0]);
  // nothing is copied but the last batch
  assertEquals(whole.values.buffer, features.values.buffer);
});
