import type { LayerResult } from "../../train/evaluate/probe.ts";

/** What might be measured of a layer, of 400 test images; the accuracies in the order of the arguments. */
export function layer(
  width: number,
  linear: number,
  heldOutAccuracy: number,
  neighbours: number,
): LayerResult {
  const of = (accuracy: number) => ({
    accuracy,
    standardError: Math.sqrt(accuracy * (1 - accuracy) / 400),
    macroAccuracy: accuracy,
    images: 400,
  });
  return {
    width,
    linear: {
      ...of(linear),
      penalty: 0.1,
      heldOutAccuracy,
      fitted: 9000,
      heldOut: 1000,
    },
    neighbours: {
      ...of(neighbours),
      neighbours: 20,
      bank: 10000,
      temperature: 0.1,
    },
  };
}
