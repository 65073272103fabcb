/** Prints a line as soon as the default preset has taken its first step. */
import { configSchema } from "../../train/config/config.ts";
import { loadConfig } from "../../train/config/loader.ts";
import { DEFAULT_PRESET } from "../../train/cli/run_options.ts";
import { presets } from "../../train/config/presets/mod.ts";
import { pretrainBriefly } from "./pretraining.ts";

const config = await loadConfig(configSchema, presets, {
  preset: DEFAULT_PRESET,
  set: ["steps=1"],
});
await pretrainBriefly(config, (step) => console.log(step));
