import { assertEquals } from "@std/assert";
import { termsIn } from "../../losses/registry.ts";

Deno.test("termsIn: names the loss terms among other names, in their order", () => {
  const settings = { selfie: {}, toString: {}, other: {}, allp: {} };
  assertEquals(termsIn(settings), ["selfie", "allp"]);
});
