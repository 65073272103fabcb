import type { z } from "zod";
import type { Preset } from "../config_loader.ts";
import type { configSchema } from "../config.ts";

/** A preset of the settings of a pretraining run. */
export type ConfigPreset = Preset<z.input<typeof configSchema>>;
