import type { Preset } from "../loader.ts";
import type { Config } from "../config.ts";

/** A preset of the settings of a pretraining run. */
export type ConfigPreset = Preset<Config>;
