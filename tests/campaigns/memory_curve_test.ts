import { AssertionError, assertThrows } from "@std/assert";
import { UserError } from "../../engine/user_error.ts";
import { MemoryCurve } from "./memory_curve.ts";

/** The curve of `done` of 1000 repetitions, on a device that holds `deviceBytes(done)`. */
function curveAfter(
  done: number,
  deviceBytes: (done: number) => number = () => 0,
): MemoryCurve {
  let i = 1;
  const curve = new MemoryCurve("steps", 1000, () => deviceBytes(i));
  Reflect.set(globalThis, "gc", () => {});
  for (; i <= done; i++) curve.read(i);
  Reflect.deleteProperty(globalThis, "gc");
  return curve;
}

Deno.test("MemoryCurve: what stays the same is flat, what grows by a byte of the device is not", () => {
  curveAfter(1000).assertFlat();
  const growing = curveAfter(1000, (done) => done > 900 ? 101 : 100);
  assertThrows(
    () => growing.assertFlat(),
    AssertionError,
    "the memory of the device grew by 1 bytes",
  );
});

Deno.test("MemoryCurve: what ends too early for a second reading, or long before its end, is not called flat", () => {
  for (const done of [0, 50, 100, 500, 900]) {
    assertThrows(
      () => curveAfter(done).assertFlat(),
      UserError,
      "steps: whether memory grows is not known, for they ended too early",
    );
  }
});
