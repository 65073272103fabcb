import { assertEquals } from "@std/assert";
import { bestLayer } from "../../../train/evaluate/compared_layers.ts";
import { layer } from "../layer_result.ts";

Deno.test("bestLayer: the held-out images choose, of equals the first", () => {
  const layers = {
    a: layer(8, 0.9, 0.4, 0.9),
    b: layer(8, 0.2, 0.6, 0.1),
    c: layer(8, 0.8, 0.6, 0.8),
  };
  assertEquals(bestLayer(layers), "b");
});
