import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { UserError } from "../../../engine/user_error.ts";
import { withFileErrors } from "../../../datasets/files/system_error.ts";

function systemError(code: string): Error {
  return Object.assign(new Error(`os error ${code}`), { code });
}

/** The message for an operation on files that fails. */
async function messageOf(operation: () => Promise<unknown>): Promise<string> {
  const error = await assertRejects(
    () => withFileErrors("cannot write x", operation),
    UserError,
  );
  assertEquals(error.cause instanceof Error, true);
  return error.message;
}

Deno.test("withFileErrors: says what failed and why", async () => {
  assertEquals(
    await messageOf(() => Deno.readTextFile("no/such/file")),
    "cannot write x: there is no such file or folder; check the path",
  );
  assertEquals(
    await messageOf(() => Deno.readTextFile(".")),
    "cannot write x: it is a folder",
  );
  assertEquals(
    await messageOf(() => Promise.reject(systemError("ENOSPC"))),
    "cannot write x: the disk is full; make room and run again",
  );
  assertEquals(
    await messageOf(() => Promise.reject(systemError("EACCES"))),
    "cannot write x: the system denies access; check who owns it and its permissions",
  );
});

Deno.test("withFileErrors: a name begins no line of its own", async () => {
  await assertRejects(
    () =>
      withFileErrors("cannot read a\nb", () => Deno.readTextFile("no/file")),
    UserError,
    String.raw`cannot read a\x0ab: there is no such file`,
  );
});

Deno.test("withFileErrors: gives a reason without a sentence of its own in the system's words", async () => {
  assertEquals(
    await messageOf(() => Promise.reject(systemError("EODD"))),
    "cannot write x: os error EODD",
  );
});

Deno.test({
  name: "withFileErrors: names the permission that Deno was not given",
  permissions: { read: false },
  fn: async () => {
    assertEquals(
      await messageOf(() => Deno.readTextFile("deno.json")),
      "cannot write x: Deno was not given permission; run again with --allow-read",
    );
  },
});

Deno.test("withFileErrors: leaves any other error as it is", async () => {
  for (
    const error of [
      new TypeError("x"),
      systemError("ERR_INVALID_ARG_TYPE"),
      new UserError("the disk is full", { cause: systemError("ENOSPC") }),
      "text",
      undefined,
    ]
  ) {
    const thrown = await withFileErrors("x", () => Promise.reject(error))
      .catch((reason) => reason);
    assertStrictEquals(thrown, error);
  }
});

Deno.test("withFileErrors: passes a result through", async () => {
  assertEquals(await withFileErrors("x", () => Promise.resolve(7)), 7);
});
