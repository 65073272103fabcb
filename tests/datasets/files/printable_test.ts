import { assertEquals } from "@std/assert";
import { printable } from "../../../datasets/files/printable.ts";

Deno.test("printable: shows what could begin a line or move the cursor, and keeps the rest", () => {
  assertEquals(
    printable("a\nerror: b\x1b]0;title\x07\x9b2J\t.png"),
    String.raw`a\x0aerror: b\x1b]0;title\x07\x9b2J\x09.png`,
  );
  const plain = String.raw`Müller & 日本 🦊\n.png`;
  assertEquals(printable(plain), plain);
});
