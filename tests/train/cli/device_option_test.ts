import { assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../../engine/user_error.ts";
import { readDevice } from "../../../train/cli/device_option.ts";

Deno.test("readDevice: gives the device and its threads, where they are given", () => {
  assertEquals(readDevice({ device: "auto" }), ["auto"]);
  assertEquals(readDevice({ device: "webgpu" }), ["webgpu"]);
  assertEquals(readDevice({ device: "wasm", threads: 3 }), ["wasm", 3]);
  assertEquals(readDevice({ device: "wasm", threads: 1 }), ["wasm", 1]);
});

Deno.test("readDevice: refuses a number of threads that cannot be had", () => {
  for (const threads of [-1, 0, 257]) {
    assertThrows(
      () => readDevice({ device: "auto", threads }),
      UserError,
      `--threads must be 1 to 256, not ${threads}`,
    );
  }
  assertThrows(
    () => readDevice({ device: "webgpu", threads: 2 }),
    UserError,
    "--threads is for --device wasm; leave it out",
  );
});
