import { assertThrows } from "@std/assert";
import { UserError } from "../../../engine/user_error.ts";
import { checkDeno } from "../../../train/cli/check_deno.ts";

Deno.test("checkDeno: accepts the versions that are new enough", () => {
  for (const version of ["2.9.0", "2.10.1", "3.0.0-rc.1"]) checkDeno(version);
  checkDeno(Deno.version.deno);
});

Deno.test("checkDeno: refuses older ones in a sentence", () => {
  for (const version of ["1.46.3", "2.6.8", "2.8.99"]) {
    assertThrows(
      () => checkDeno(version),
      UserError,
      `this is Deno ${version}, but 2.9 or newer is needed; run deno upgrade`,
    );
  }
});
