import { assertEquals } from "@std/assert";
import { CHANGEABLE } from "../../train/config/changeable.ts";

const readme = await Deno.readTextFile(
  new URL("../../README.md", import.meta.url),
);

Deno.test("README: its table has all settings that may change when a run is resumed, and how", () => {
  const [, table] = readme.match(
    /may change when a run is resumed.*\n((\|.*\n)+)/,
  )!;
  const rows = table.trimEnd().split("\n").slice(1).flatMap((row) => {
    const [, names, how] = row.split("|");
    if (names.startsWith(" options:")) return [];
    return [...names.matchAll(/`(.+?)`/g)].map(([, name]) => [
      name,
      how.match(/by `(--\w+)/)?.[1],
    ]);
  });
  assertEquals(Object.fromEntries(rows), { ...CHANGEABLE });
});
