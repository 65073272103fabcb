import { assertEquals, assertThrows } from "@std/assert";
import { checkValues, hostArray } from "../../../engine/devices/host_array.ts";
import { UserError } from "../../../engine/user_error.ts";

Deno.test("hostArray: sees `size` elements from byte `start` on", () => {
  const memory = Uint32Array.of(1, 2, 3, 0xffffffff).buffer;
  assertEquals(hostArray("i32", memory, 2, 8), Int32Array.of(3, -1));
  assertEquals(hostArray("u8", memory, 3), Uint8Array.of(1, 0, 0));
});

Deno.test("checkValues: refuses values of another type or number", () => {
  checkValues("x", "u8", 2, new Uint8Array(2));
  const cases = [
    [undefined, "nothing"],
    [new Uint8Array(3), "Uint8Array of 3"],
    [new Float32Array(2), "Float32Array of 2"],
  ] as const;
  for (const [values, given] of cases) {
    assertThrows(
      () => checkValues("x", "u8", 2, values),
      UserError,
      `x needs a Uint8Array of 2 values, not ${given}`,
    );
  }
});
