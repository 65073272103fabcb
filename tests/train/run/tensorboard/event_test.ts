import { assertEquals } from "@std/assert";
import { encodeScalars } from "../../../../train/run/tensorboard/event.ts";

const TIME = 256.5;

Deno.test("encodeScalars: leaves out what is no number", () => {
  assertEquals(
    encodeScalars({ step: 1, "v.1": 1.5, note: "text" }, TIME),
    encodeScalars({ step: 1, "v.1": 1.5 }, TIME),
  );
});
