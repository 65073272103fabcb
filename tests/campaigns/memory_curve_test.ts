import { AssertionError, assertThrows } from "@std/assert";
import { UserError } from "../../engine/user_error.ts";
import { MemoryCurve } from "./memory_curve.ts";

const KIB = 2 ** 10;
const MIB = 2 ** 20;

/** Bytes held after so many repetitions. */
interface Held {
  device?(done: number): number;
  objects?(done: number): number;
  /** What the heap holds besides, until garbage is collected. */
  garbage?(done: number): number;
}

/** The curve of `done` of 1000 repetitions. */
function curveAfter(done: number, held: Held): MemoryCurve {
  let i = 1;
  let garbage = 0;
  const curve = new MemoryCurve("steps", 1000, () => held.device?.(i) ?? 0);
  const { memoryUsage } = Deno;
  Deno.memoryUsage = () => ({
    ...memoryUsage(),
    heapUsed: 64 * MIB + garbage + (held.objects?.(i) ?? 0),
  });
  Reflect.set(globalThis, "gc", () => garbage = 0);
  try {
    for (; i <= done; i++) {
      garbage += held.garbage?.(i) ?? 0;
      curve.read(i);
    }
  } finally {
    Deno.memoryUsage = memoryUsage;
    Reflect.deleteProperty(globalThis, "gc");
  }
  return curve;
}

Deno.test("MemoryCurve: what stays the same is flat, what grows by a byte of the device is not", () => {
  curveAfter(1000, {}).assertFlat();
  const growing = curveAfter(1000, {
    device: (done) => done > 900 ? 101 : 100,
  });
  assertThrows(
    () => growing.assertFlat(),
    AssertionError,
    "the memory of the device grew by 1 bytes",
  );
});

Deno.test("MemoryCurve: objects that stay count, garbage does not", () => {
  curveAfter(1000, { garbage: (done) => done * KIB }).assertFlat();
  const growing = curveAfter(1000, { objects: (done) => done * KIB });
  assertThrows(
    () => growing.assertFlat(),
    AssertionError,
    "the memory of the objects grew",
  );
});

Deno.test("MemoryCurve: what ends too early for a second reading, or long before its end, is not called flat", () => {
  for (const done of [0, 50, 100, 500, 900]) {
    assertThrows(
      () => curveAfter(done, {}).assertFlat(),
      UserError,
      "steps: whether memory grows is not known, for they ended too early",
    );
  }
});
