import { UserError } from "../../engine/user_error.ts";

const MINUTE_MS = 60_000;

/** What timers can wait for: 24 days. */
const MAX_MINUTES = Math.floor((2 ** 31 - 1) / MINUTE_MS);

/**
 * A signal that stops what it is given to after the time of `--minutes`.
 *
 * @throws {UserError} That is nothing, or longer than timers can wait.
 */
export function afterMinutes(minutes: number): AbortSignal {
  if (minutes > 0 && minutes <= MAX_MINUTES) {
    return AbortSignal.timeout(MINUTE_MS * minutes);
  }
  throw new UserError(
    `--minutes must be above 0 and at most ${MAX_MINUTES}, not ${minutes}`,
  );
}
