import { UserError } from "../../engine/user_error.ts";

/** A name that every system can store, such as `dv2-exchange-seed-1` for `DV² - exchange seed 1`. */
export function folderName(text: string): string {
  return text.normalize("NFKC").replace(/[^\p{L}\p{N}._]+/gu, "-")
    .replace(/^-|-$/g, "").toLowerCase();
}

/** Bytes of a name, with room to the 255 that most file systems take. */
const MAX_BYTES = 200;

/** @throws {UserError} if one has nothing or too much for a {@linkcode folderName}, or two have the same. */
export function checkFolderNames(texts: readonly string[]): void {
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
    const bytes = new TextEncoder().encode(name).length;
    if (bytes > MAX_BYTES) {
      throw new UserError(
        `${
          JSON.stringify(text).slice(0, 40)
        }... is too long for the name of its folder: ${bytes} bytes, of which ${MAX_BYTES} fit; shorten the names or values in it`,
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
