import { assertEquals } from "@std/assert";
import { nearest } from "../../../train/config/nearest.ts";

Deno.test("nearest: a misspelt name is matched with the one meant", () => {
  const names = ["width", "depth", "learningRate", "lr"];
  assertEquals(nearest("widht", names), "width");
  assertEquals(nearest("learning_rate", names), "learningRate");
  assertEquals(nearest("DEPTH", names), "depth");
  assertEquals(nearest("lr2", names), "lr");
});

Deno.test("nearest: a name unlike all is matched with none", () => {
  assertEquals(nearest("momentum", ["width", "depth"]), undefined);
  assertEquals(nearest("width", []), undefined);
});
