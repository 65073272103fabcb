import { Linear } from "../../layers/linear.ts";
import { testOnDevices } from "../engine/devices.ts";
import { checkLayer } from "./check.ts";
import { linear } from "./naive.ts";

for (const shape of [[3, 5], [2, 3, 7]]) {
  const width = shape[shape.length - 1];
  testOnDevices(
    `Linear: is its definition on [${shape}]`,
    (device) =>
      checkLayer(device, {
        layer: new Linear(width, 5),
        shape,
        forward: (layer, x) => layer.forward(x),
        naive: linear,
      }),
  );
}
