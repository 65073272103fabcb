import type { ComparedLayers } from "../evaluate/compared_layers.ts";
import { readProbe } from "../evaluate/probe_file.ts";
import { readRunResult } from "../run/run_result.ts";

/**
 * What was measured of the layers of a run's encoder after a step: by `probe` with all images, or
 * else at the end of `pretrain`.
 *
 * @returns `undefined` where nothing was, or not of all layers.
 * @throws {UserError} if a file is damaged or cannot be read.
 */
export async function readLayerResults(
  path: string,
  step: number,
): Promise<ComparedLayers | undefined> {
  const results = [
    await readProbe(`${path}/probe-step-${step}.json`),
    await readProbe(`${path}/probe.json`),
    await readRunResult(path),
  ];
  for (const result of results) {
    if (result?.step !== step) continue;
    const { untrained = {}, trained = {} } = result;
    if (isComplete({ untrained, trained })) return { untrained, trained };
  }
  return undefined;
}

function isComplete({ untrained, trained }: ComparedLayers): boolean {
  const layers = Object.keys({ ...untrained, ...trained });
  return layers.length > 0 &&
    layers.every((layer) => layer in untrained && layer in trained);
}
