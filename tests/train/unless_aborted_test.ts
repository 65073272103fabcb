import { assertEquals, assertRejects } from "@std/assert";
import { unlessAborted } from "../../train/unless_aborted.ts";

Deno.test("unlessAborted: gives what the work gives, or the reason as soon as there is one", async () => {
  const { signal } = new AbortController();
  assertEquals(await unlessAborted(signal, Promise.resolve(3)), 3);
  const stop = new AbortController();
  const endless = unlessAborted(stop.signal, new Promise(() => {}));
  stop.abort(new Error("enough"));
  await assertRejects(() => endless, Error, "enough");
  await assertRejects(
    () => unlessAborted(stop.signal, new Promise(() => {})),
    Error,
    "enough",
  );
});
