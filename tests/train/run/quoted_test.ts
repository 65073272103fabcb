import { assertEquals } from "@std/assert";
import { quoted } from "../../../train/run/quoted.ts";

Deno.test("quoted: puts a path into quotation marks where a terminal would take it apart", () => {
  const plain = ["runs/2026-01-31_15-04-05-a", "C:/Läufe/1.2"];
  assertEquals(plain.map(quoted), plain);
  assertEquals(["my run", "a&b"].map(quoted), ["'my run'", "'a&b'"]);
});

Deno.test("quoted: a shell has the path as it is", async () => {
  const paths = ['w "ru$HOME', "it's `a`", "''", "a\\b", "~/a*", "a\nb!"];
  const command = `printf '%s\\0' ${paths.map(quoted).join(" ")}`;
  const { stdout } = await new Deno.Command("sh", { args: ["-c", command] })
    .output();
  const words = new TextDecoder().decode(stdout).split("\0");
  assertEquals(words, [...paths, ""]);
});
