import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { gradient } from "../../engine/graph/gradient.ts";
import { sum } from "../../engine/ops/reduction.ts";
import { Program } from "../../engine/program.ts";
import { input } from "../../engine/graph/tensor.ts";
import { Context } from "../../layers/context.ts";
import { Queue } from "../../vocab/queue.ts";
import { poison } from "../engine/compare.ts";
import { UserError } from "../../engine/user_error.ts";
import { testOnDevices } from "../engine/devices.ts";
import { unitRows } from "../losses/check.ts";

// more than one turn around the ring, with steps that end at its end, that do not, and that fill it
for (
  const [entries, n, steps] of [[7, 3, 6], [6, 3, 5], [4, 4, 3], [1, 1, 2]]
) {
  testOnDevices(
    `Queue: a ring of ${entries} entries keeps the latest targets, ${n} a step`,
    async (device) => {
      const width = 5;
      const queue = new Queue(entries, width, 3, "test");
      const context = new Context();
      const targets = input("targets", [n, width]);
      const updated = queue.update(targets, context);
      await poison(device);
      const program = await Program.compile(device, {
        outputs: [updated, ...gradient(sum(updated), [targets])],
        assignments: context.assignments,
      });
      const ring = Float32Array.from(queue.vectors.storage.initial!);
      let position = 0;
      for (let step = 0; step < steps; step++) {
        const rows = unitRows([n, width]);
        for (let i = 0; i < n; i++) {
          ring.set(rows.subarray(i * width, (i + 1) * width), position * width);
          position = (position + 1) % entries;
        }
        const [after, slope] = await program.evaluate({ targets: rows });
        assertEquals(after, ring);
        assertEquals(slope, new Float32Array(n * width));
        assertEquals(await device.read(queue.vectors.storage), ring);
        assertEquals(
          await device.read(queue.position.storage),
          Float32Array.of(position),
        );
      }
      program.destroy();
      device.release(queue.vectors.storage);
      device.release(queue.position.storage);
    },
  );
}

Deno.test("Queue: refuses more targets than it has entries, and targets of another width", () => {
  const queue = new Queue(3, 5, 1, "test");
  assertThrows(
    () => queue.update(input("targets", [4, 5]), new Context()),
    UserError,
    "4 targets",
  );
  assertThrows(
    () => queue.update(input("targets", [2, 1]), new Context()),
    RangeError,
    "targets must be [n,5], not [2,1]",
  );
});

Deno.test("Queue: starts with directions of unit length, all different", () => {
  const [entries, width] = [6, 5];
  const { initial } = new Queue(entries, width, 3, "test").vectors;
  const rows = Array.from(
    { length: entries },
    (_, i) => initial.slice(i * width, (i + 1) * width),
  );
  for (const row of rows) assertAlmostEquals(Math.hypot(...row), 1, 1e-6);
  assertEquals(new Set(rows.map((row) => row[0])).size, entries);
});
