import { assertEquals } from "@std/assert";
import { npyHeader } from "../../../train/export/npy.ts";

Deno.test("npyHeader: is that of format 1.0, to a multiple of 64 bytes", () => {
  // numpy.lib.format.write_array_header_1_0 of NumPy 1.24, but for the number of spaces
  const dictionary =
    "{'descr': '<f4', 'fortran_order': False, 'shape': (12, 3), }";
  const text = "\x93NUMPY\x01\x00\x76\x00" + dictionary.padEnd(117) + "\n";
  const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  assertEquals(npyHeader(12, 3), bytes);
  assertEquals(npyHeader(2 ** 40, 4096).length, 128);
});
