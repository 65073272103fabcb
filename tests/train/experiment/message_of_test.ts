import { assertEquals } from "@std/assert";
import { UserError } from "../../../engine/user_error.ts";
import { messageOf } from "../../../train/experiment/message_of.ts";

Deno.test("messageOf: prints what is not a person's mistake, as a table has no room for where it was", () => {
  const printed: unknown[] = [];
  const { error } = console;
  console.error = (value) => printed.push(value);
  try {
    assertEquals(messageOf(new UserError("no room")), "no room");
    assertEquals(printed, []);
    const mistake = new RangeError("too long");
    assertEquals(messageOf(mistake), "RangeError: too long");
    assertEquals(printed, [mistake]);
  } finally {
    console.error = error;
  }
});
