import { assertEquals } from "@std/assert";
import { settingsPage } from "../../../train/config/build_settings.ts";

Deno.test("settingsPage: docs/settings.md is up to date; if not: deno task build", async () => {
  const page = new URL("../../../docs/settings.md", import.meta.url);
  assertEquals(await Deno.readTextFile(page), settingsPage());
});
