import { UserError } from "../../engine/user_error.ts";

/** A name that every system can store, such as `dv2-exchange-seed-1` for `DV² - exchange seed 1`. */
export function folderName(text: string): string {
  return text.normalize("NFKC").replace(/[^\p{L}\p{N}._]+/gu, "-")
    .replace(/^-|-$/g, "").toLowerCase();
}

/** @throws {UserError} if one has nothing for a {@linkcode folderName}, or two have the same. */
export function checkDistinct(texts: readonly string[]): void {
  const known = new Map<string, string>();
  for (const text of texts) {
    const name = folderName(text);
    if (/^\.*$/.test(name)) {
      throw new UserError(
        `${
          JSON.stringify(text)
        } has no letter or digit for the name of its folder; rename it`,
      );
    }
    const other = known.get(name);
    if (other !== undefined) {
      throw new UserError(
        `${JSON.stringify(other)} and ${
          JSON.stringify(text)
        } would share the folder ${name}; rename one of them`,
      );
    }
    known.set(name, text);
  }
}
