import { assertEquals } from "@std/assert";
import { namedParameters } from "../../layers/module.ts";
import { createHead, Projection } from "../../layers/projection.ts";
import { testOnDevices } from "../engine/devices.ts";
import { checkLayer } from "./check.ts";
import { unitRows } from "./naive_attention.ts";
import { naiveHeads } from "./naive_heads.ts";

for (const kind of ["linear", "batchNorm", "mlp"] as const) {
  testOnDevices(
    `createHead: ${kind} is its definition, scaled to unit length`,
    (device) =>
      checkLayer(device, {
        layer: createHead(kind, 7, 5, "small"),
        shape: [2, 3, 7],
        forward: (layer, x, context) => layer.forward(x, context),
        naive: (x, weights) => unitRows(naiveHeads[kind](x, weights), 5),
      }),
  );
}

Deno.test("Projection: is a linear head", () => {
  const names = (head: Projection) => [...namedParameters(head).keys()];
  assertEquals(
    names(new Projection(7, 5)),
    names(createHead("linear", 7, 5, "small")),
  );
  assertEquals(names(new Projection(7, 5)), ["linear.weight", "linear.bias"]);
});
