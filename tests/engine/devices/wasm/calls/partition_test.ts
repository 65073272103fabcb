import { assert, assertEquals } from "@std/assert";
import { partition } from "../../../../../engine/devices/wasm/calls/partition.ts";

Deno.test("partition: ranges follow each other, cover all units and begin at the grain", () => {
  for (const units of [0, 1, 5, 6, 7, 48, 97, 1000]) {
    for (const grain of [1, 6, 8, 16, 64]) {
      for (const threads of [1, 2, 3, 7, 64]) {
        const ranges = partition(units, grain, threads);
        assertEquals(ranges.length, threads);
        let covered = 0;
        for (
          const [start, end] of ranges.filter((range) => range !== undefined)
        ) {
          assertEquals(start, covered);
          assertEquals(start % grain, 0);
          assert(end > start);
          covered = end;
        }
        assertEquals(covered, units);
      }
    }
  }
});
