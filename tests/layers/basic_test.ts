import { Convolution } from "../../layers/convolution.ts";
import { Linear } from "../../layers/linear.ts";
import { LayerNorm } from "../../layers/norm.ts";
import { testOnDevices } from "../engine/devices.ts";
import { checkLayer } from "./check.ts";
import { convolve, layerNorm, linear } from "./naive.ts";

for (const shape of [[3, 5], [2, 3, 7]]) {
  const width = shape[shape.length - 1];
  testOnDevices(`a linear layer on [${shape}]`, (device) =>
    checkLayer(device, {
      layer: new Linear(width, 5),
      shape,
      forward: (layer, x) => layer.forward(x),
      naive: linear,
    }));
}

for (const shape of [[3, 7], [2, 5, 13]]) {
  const width = shape[shape.length - 1];
  testOnDevices(
    `layer normalisation of [${shape}]`,
    (device) =>
      checkLayer(device, {
        layer: new LayerNorm(width),
        shape,
        forward: (layer, x) => layer.forward(x),
        naive: layerNorm,
      }),
  );
}

for (
  const [size, stride, height, width] of [
    [1, 2, 5, 4],
    [3, 1, 3, 5],
    [3, 2, 7, 4],
    [7, 2, 5, 6],
  ]
) {
  testOnDevices(
    `a ${size}x${size} convolution with stride ${stride} on ${height}x${width}`,
    (device) =>
      checkLayer(device, {
        layer: new Convolution(3, 5, size, stride),
        shape: [2, height, width, 3],
        forward: (layer, x) => layer.forward(x),
        naive: (data, weights) =>
          convolve(
            { n: 2, height, width, channels: 3, data },
            weights("weight"),
            size,
            stride,
          ).data,
      }),
  );
}
