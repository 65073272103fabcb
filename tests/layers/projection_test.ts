import { Projection } from "../../layers/projection.ts";
import { testOnDevices } from "../engine/devices.ts";
import { checkLayer } from "./check.ts";
import { child, linear } from "./naive.ts";
import { unitRows } from "./naive_attention.ts";

testOnDevices(
  "Projection: is a linear map to vectors of unit length",
  (device) =>
    checkLayer(device, {
      layer: new Projection(7, 5),
      shape: [2, 3, 7],
      forward: (layer, x) => layer.forward(x),
      naive: (x, weights) => unitRows(linear(x, child(weights, "linear")), 5),
    }),
);
