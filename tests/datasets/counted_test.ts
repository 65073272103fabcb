import { assertEquals } from "@std/assert";
import { counted } from "../../datasets/counted.ts";

Deno.test("counted: one is in the singular, none and many in the plural", () => {
  assertEquals(
    [0, 1, 2].map((count) => counted(count, "picture")),
    ["0 pictures", "1 picture", "2 pictures"],
  );
});
