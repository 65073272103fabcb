import { visit } from "jsonc-parser";

/** A key that an object has more than once. */
export interface DuplicateKey {
  /** The key. */
  readonly key: string;
  /** The line on which it is for the second time, from 1. */
  readonly line: number;
}

/**
 * The first key that an object in a text has more than once; parsers take the last of its values.
 *
 * @param text JSON, comments and trailing commas allowed.
 */
export function findDuplicateKey(text: string): DuplicateKey | undefined {
  const open: Set<string>[] = [];
  let found: DuplicateKey | undefined;
  visit(text, {
    onObjectBegin: () => {
      open.push(new Set());
    },
    onObjectProperty: (key, _offset, _length, line) => {
      const keys = open.at(-1);
      if (keys?.has(key)) found ??= { key, line: line + 1 };
      keys?.add(key);
    },
    onObjectEnd: () => {
      open.pop();
    },
  }, { allowTrailingComma: true });
  return found;
}
