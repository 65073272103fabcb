import { randomValues } from "../values.ts";
import type { WorkCase } from "./case.ts";

const shapes = [
  { n: 16, size: 32, channels: 16 },
  { n: 16, size: 16, channels: 64 },
];

/** A training step of convolution, batch normalisation and ReLU. */
export function layerStepCases(): WorkCase[] {
  return shapes.map(({ n, size, channels }) => ({
    name: `conv + batch norm + ReLU ${n}x${size}px ${channels}ch step`,
    tolerance: 1e-4,
    onAllBackends: true,
    make: () => ({
      kind: "layerStep",
      n,
      size,
      inputs: channels,
      outputs: channels,
      x: randomValues(n * size ** 2 * channels),
      weight: randomValues(9 * channels ** 2),
      target: randomValues(n * size ** 2 * channels),
    }),
  }));
}
