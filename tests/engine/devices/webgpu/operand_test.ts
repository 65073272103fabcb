import { assertEquals, assertThrows } from "@std/assert";
import {
  bind,
  type Location,
} from "../../../../engine/devices/webgpu/operand.ts";
import { UserError } from "../../../../engine/user_error.ts";
import { testOnWebGpu } from "../../devices.ts";
import { bareContext } from "./bare_context.ts";

testOnWebGpu(
  "bind: ranges that overlap once they are aligned are bound as one",
  async () => {
    const { gpu, context } = await bareContext();
    const memory = await context.allocate("values", 4096);
    const at = (start: number, bytes: number): Location => ({
      buffer: { size: bytes / 4, dtype: "f32", label: "values" },
      memory,
      start,
      bytes,
    });
    const { operands, bindings } = bind([
      at(1000, 24),
      at(2048, 8),
      at(1000, 24),
      at(1024, 16),
      at(1028, 4),
    ], 4096);
    assertEquals(bindings.map(({ offset, size }) => [offset, size]), [
      [768, 256],
      [1024, 16],
      [2048, 8],
    ]);
    assertEquals(operands.map(({ array, base }) => [array, base]), [
      ["array0", 58],
      ["array2", 0],
      ["array0", 58],
      ["array1", 0],
      ["array1", 1],
    ]);
    assertThrows(
      () => bind([at(0, 2048), at(2044, 512)], 2048),
      UserError,
      "at most 2048 at once",
    );
    gpu.destroy();
  },
);
