import { assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../../engine/user_error.ts";
import { afterMinutes } from "../../../train/cli/after_minutes.ts";

Deno.test("afterMinutes: stops after the time and not before", async () => {
  const long = afterMinutes(35_791);
  const { promise, resolve } = Promise.withResolvers<void>();
  afterMinutes(0.0005).addEventListener("abort", () => resolve());
  // the timers of signals do not keep a program alive
  const alive = setInterval(() => {}, 1000);
  await promise;
  clearInterval(alive);
  assertEquals(long.aborted, false);
});

Deno.test("afterMinutes: refuses what timers cannot wait for", () => {
  for (const minutes of [-1, 0, 35_792, 1e15]) {
    assertThrows(
      () => afterMinutes(minutes),
      UserError,
      `--minutes must be above 0 and at most 35791, not ${minutes}`,
    );
  }
});
