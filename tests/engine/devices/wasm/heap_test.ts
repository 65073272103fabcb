import { assert, assertEquals, assertThrows } from "@std/assert";
import { Heap } from "../../../../engine/devices/wasm/heap.ts";
import { UserError } from "../../../../engine/user_error.ts";
import { randomNumber, withSeed } from "../../../random.ts";

const KIB = 1024;

Deno.test("Heap: blocks in use never overlap, whatever is allocated and released", () =>
  withSeed("heap", () => {
    const heap = new Heap();
    const used: { start: number; bytes: number }[] = [];
    for (let step = 0; step < 5000; step++) {
      if (used.length > 0 && randomNumber(0, 1) < 0.48) {
        const i = Math.floor(randomNumber(0, used.length));
        const [{ start, bytes }] = used.splice(i, 1);
        heap.release(start, bytes);
        continue;
      }
      const bytes = Math.floor(2 ** randomNumber(0, 16));
      const start = heap.allocate(bytes, "block");
      assertEquals(start % 256, 0);
      // kernels may read a little beyond the end of a block
      assert(start + bytes + 256 <= heap.memory.buffer.byteLength);
      for (const other of used) {
        assert(
          start + bytes <= other.start || other.start + other.bytes <= start,
          `${start}+${bytes} overlaps ${other.start}+${other.bytes}`,
        );
      }
      used.push({ start, bytes });
    }
    // everything given back is one block again, at the beginning
    used.forEach(({ start, bytes }) => heap.release(start, bytes));
    assertEquals(heap.allocate(1, "block"), new Heap().allocate(1, "block"));
  }));

Deno.test("Heap: neighbouring free blocks merge, in any order", () => {
  for (const order of [[0, 1, 2], [2, 1, 0], [0, 2, 1], [1, 0, 2], [2, 0, 1]]) {
    const heap = new Heap();
    const starts = [1, 2, 3].map(() => heap.allocate(KIB, "block"));
    const last = heap.allocate(KIB, "block");
    order.forEach((i) => heap.release(starts[i], KIB));
    const merged = heap.allocate(3 * KIB, "block");
    assertEquals(merged, starts[0]);
    assert(heap.allocate(KIB, "block") > last);
  }
});

Deno.test("Heap: the rest of a hole stays free", () => {
  const heap = new Heap();
  const hole = heap.allocate(4 * KIB, "block");
  heap.allocate(KIB, "block");
  heap.release(hole, 4 * KIB);
  assertEquals(heap.allocate(KIB, "block"), hole);
  assertEquals(heap.allocate(3 * KIB, "block"), hole + KIB);
});

Deno.test("Heap: kernels may read beyond a block that ends with its page", () => {
  const heap = new Heap();
  const end = heap.allocate(65536, "block") + 65536;
  assertEquals(end % 65536, 0);
  assert(heap.memory.buffer.byteLength >= end + 256);
});

Deno.test("Heap.allocate: refuses more than 4 GiB and names what it was for", () => {
  const heap = new Heap();
  const before = heap.memory.buffer.byteLength;
  assertThrows(
    () => heap.allocate(2 ** 32, "a large table"),
    UserError,
    "a large table needs 4096 MiB, and of the 4096 MiB that WebAssembly can address only 4096 are left",
  );
  assertEquals(heap.memory.buffer.byteLength, before);
  heap.allocate(KIB, "block");
});
