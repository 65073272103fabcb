import { readBytes } from "../datasets/files/read_file.ts";
import type { BuiltModel } from "./build_model.ts";
import type { Config } from "./config/config.ts";
import { importTimm } from "./export/timm.ts";

/**
 * Gives a model that is not on a device yet the weights that its config says to start from, if any.
 *
 * @throws {UserError} The file cannot be read or does not fit the model.
 */
export async function loadInitialWeights(
  built: BuiltModel,
  { initialWeights }: Pick<Config, "initialWeights">,
): Promise<void> {
  if (initialWeights === undefined) return;
  importTimm(built, await readBytes(initialWeights), initialWeights);
}
