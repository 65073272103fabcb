import { UserError } from "../../engine/user_error.ts";

/** The sentence that a table has for an error; what is not a person's mistake is printed as well. */
export function messageOf(error: unknown): string {
  if (error instanceof UserError) return error.message;
  console.error(error);
  return String(error);
}
