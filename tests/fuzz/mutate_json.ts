import type { Draw } from "./draw.ts";

/** What stands where something else should. */
const VALUES: readonly unknown[] = [
  ...[null, true, "", "a\nb", "\ud800", "x".repeat(10_000), [], {}, [[[]]]],
  ...[0, -0, -1, 0.5, 1e308, -1e308, 2 ** 31, 2 ** 32, 2 ** 53, 2 ** 53 + 2],
];
const KEYS = ["", "__proto__", "constructor", "toString", "a.b", "0", "length"];

/** One to four random changes of a value as JSON holds it. */
export function mutateJson(value: unknown, draw: Draw): unknown {
  let result = structuredClone(value);
  for (let i = draw.below(4); i >= 0; i--) result = mutate(result, draw);
  return result;
}

function mutate(value: unknown, draw: Draw): unknown {
  if (typeof value !== "object" || value === null || draw.below(12) === 0) {
    return other(value, draw);
  }
  if (Array.isArray(value)) return mutateList(value, draw);
  return Object.fromEntries(mutateEntries(Object.entries(value), draw));
}

/** Another value than the one that is there. */
function other(value: unknown, draw: Draw): unknown {
  switch (draw.below(4)) {
    case 0:
      return typeof value === "number" ? -value : JSON.stringify(value);
    case 1:
      return [value];
    case 2:
      return { [draw.of(KEYS)]: value };
    default:
      return structuredClone(draw.of(VALUES));
  }
}

function mutateList(list: readonly unknown[], draw: Draw): unknown[] {
  if (list.length === 0) return [draw.of(VALUES)];
  const position = draw.below(list.length);
  switch (draw.below(4)) {
    case 0:
      return list.toSpliced(position, 1);
    case 1:
      return list.toSpliced(position, 0, list[position]);
    default:
      return list.with(position, mutate(list[position], draw));
  }
}

type Entry = [string, unknown];

function mutateEntries(entries: Entry[], draw: Draw): Entry[] {
  if (entries.length === 0) return [[draw.of(KEYS), draw.of(VALUES)]];
  const position = draw.below(entries.length);
  const [key, value] = entries[position];
  switch (draw.below(8)) {
    case 0:
      return entries.toSpliced(position, 1);
    case 1:
      return entries.with(position, [draw.of(KEYS), value]);
    case 2:
      return [...entries, [`${key}2`, value]];
    case 3:
      return entries.with(position, [key, draw.of(entries)[1]]);
    default:
      return entries.with(position, [key, mutate(value, draw)]);
  }
}
