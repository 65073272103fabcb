import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { UserError } from "../../../engine/user_error.ts";
import { describeSystemError } from "../../../datasets/files/system_error.ts";

function systemError(code: string): Error {
  return Object.assign(new Error(`os error ${code}`), { code });
}

function describe(error: unknown): string {
  const described = describeSystemError(error, "cannot write x");
  assert(described instanceof UserError, String(error));
  assertStrictEquals(described.cause, error);
  return described.message;
}

Deno.test("a missing file is described as such", async () => {
  const error = await assertRejects(() => Deno.readTextFile("no/such/file"));
  assertEquals(
    describe(error),
    "cannot write x: there is no such file or folder",
  );
});

Deno.test("a full disk is described as such", () => {
  assertEquals(
    describe(systemError("ENOSPC")),
    "cannot write x: the disk is full; make room and run again",
  );
});

Deno.test("a folder where a file is meant is described as such", async () => {
  const error = await assertRejects(() => Deno.readTextFile("."));
  assertEquals(describe(error), "cannot write x: it is a folder");
});

Deno.test({
  name: "a permission that Deno was not given is named",
  permissions: { read: false },
  fn: async () => {
    const error = await assertRejects(() => Deno.readTextFile("deno.json"));
    assertEquals(
      describe(error),
      "cannot write x: Deno was not given permission; run again with --allow-read",
    );
  },
});

Deno.test("an error of another kind is left as it is", () => {
  for (
    const error of [new TypeError("x"), systemError("EODD"), "text", undefined]
  ) {
    assertStrictEquals(describeSystemError(error, "cannot write x"), error);
  }
});

Deno.test("a sentence that is made already is left as it is", () => {
  const error = new UserError("the disk is full", {
    cause: systemError("ENOSPC"),
  });
  assertStrictEquals(describeSystemError(error, "cannot write x"), error);
});
