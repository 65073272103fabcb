import { Convolution } from "../../layers/convolution.ts";
import { testOnDevices } from "../engine/devices.ts";
import { checkLayer } from "./check.ts";
import { convolve } from "./naive.ts";

for (
  const [size, stride, height, width] of [
    [1, 2, 5, 4],
    [3, 1, 3, 5],
    [3, 2, 7, 4],
    [7, 2, 5, 6],
  ]
) {
  testOnDevices(
    `Convolution: is its definition for a ${size}x${size} window with stride ${stride} on ${height}x${width}`,
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
