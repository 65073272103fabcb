import { assertEquals } from "@std/assert";
import { sha256 } from "../../../datasets/files/digest.ts";

Deno.test("sha256: is that of FIPS 180-4, of text as of its bytes in UTF-8", async () => {
  const expected =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  assertEquals(await sha256("abc"), expected);
  assertEquals(await sha256(Uint8Array.of(0x61, 0x62, 0x63)), expected);
  assertEquals(await sha256("Î"), await sha256(Uint8Array.of(0xc3, 0x8e)));
});
