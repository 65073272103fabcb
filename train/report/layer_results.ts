import { z } from "zod";
import { readTextIfPresent } from "../../datasets/files/read_file.ts";
import { UserError } from "../../engine/user_error.ts";
import type { ComparedLayers } from "../evaluate/compared_layers.ts";
import { layersSchema, readProbe } from "../evaluate/probe_file.ts";

const resultSchema = z.object({
  step: z.int().min(0),
  untrained: layersSchema.default({}),
  trained: layersSchema.default({}),
});

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
    await readResult(`${path}/result.json`),
  ];
  return results.find((result) => result?.step === step && isComplete(result));
}

function isComplete({ untrained, trained }: ComparedLayers): boolean {
  const layers = Object.keys(trained);
  return layers.length > 0 && layers.every((layer) => layer in untrained);
}

async function readResult(
  path: string,
): Promise<z.infer<typeof resultSchema> | undefined> {
  const text = await readTextIfPresent(path);
  if (text === undefined) return undefined;
  try {
    return resultSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new UserError(
      `${path} is damaged or was edited; put it back or delete it`,
      { cause },
    );
  }
}
