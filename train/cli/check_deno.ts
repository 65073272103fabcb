import { UserError } from "../../engine/user_error.ts";

/** Major and minor number of the oldest version that the tests run with. */
const OLDEST = [2, 9] as const;

/**
 * Checks that Deno is new enough.
 *
 * @throws {UserError} if it is not.
 */
export function checkDeno(version: string): void {
  const [major, minor] = version.split(".").map(Number);
  if (major > OLDEST[0] || major === OLDEST[0] && minor >= OLDEST[1]) return;
  throw new UserError(
    `this is Deno ${version}, but ${OLDEST.join(".")} or newer is needed; ` +
      "run deno upgrade, or call npx -y deno in place of deno",
  );
}
