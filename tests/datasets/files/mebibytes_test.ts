import { assertEquals } from "@std/assert";
import { mebibytes } from "../../../datasets/files/mebibytes.ts";

Deno.test("mebibytes: rounds up", () => {
  assertEquals([2 ** 20, 2 ** 20 + 1].map(mebibytes), ["1 MiB", "2 MiB"]);
});
