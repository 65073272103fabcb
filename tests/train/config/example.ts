import { z } from "zod";
import {
  type ConfigSources,
  loadConfig,
} from "../../../train/config/loader.ts";
import { oneOf } from "../../../train/config/one_of.ts";
import { assertRejects } from "@std/assert";
import { UserError } from "../../../engine/user_error.ts";

type Data = {
  name: "cifar10";
  folder: string;
  held: number;
  jitter: { hue: number; p: number };
} | {
  name: "stl10";
  folder: string;
  crop: number;
  decoder: Decoder;
};
type Decoder = { name: "fast"; level: number } | {
  name: "exact";
  digits: number;
};

/** A schema with every kind of setting that configs have. */
export const schema = z.strictObject({
  steps: z.int().min(1).max(100_000).default(1000),
  rate: z.number().positive().default(3e-4),
  share: z.number().min(0).lt(1).default(0),
  label: z.string().min(2).default("none"),
  fast: z.boolean().default(false),
  model: z.strictObject({
    stem: z.enum(["imagenet", "small"]).default("small"),
    width: z.int().default(64),
    stages: z.array(z.enum(["res2", "res3"])).min(1).default(["res2"]),
    exchange: z.strictObject({ heads: z.int().default(8) }).nullable().default(
      null,
    ),
  }).prefault({ width: 32 }),
  data: oneOf<Data>({
    cifar10: {
      schema: z.strictObject({
        name: z.literal("cifar10"),
        folder: z.string().default("data"),
        held: z.number().default(0.1),
        jitter: z.strictObject({
          hue: z.number().default(0.2),
          p: z.number().default(0.8),
        }).prefault({}),
      }),
    },
    stl10: {
      schema: z.strictObject({
        name: z.literal("stl10"),
        folder: z.string().default("stl"),
        crop: z.int().default(64),
        decoder: oneOf<Decoder>({
          fast: {
            schema: z.strictObject({
              name: z.literal("fast"),
              level: z.int().default(1),
            }),
          },
          exact: {
            schema: z.strictObject({
              name: z.literal("exact"),
              digits: z.int().default(8),
            }),
          },
        }).prefault({ name: "fast" }),
      }),
    },
  }).prefault({ name: "cifar10" }),
}).refine((config) => config.steps !== 13, {
  error: "13 is unlucky",
  path: ["steps"],
}).refine((config) => config.steps !== 14, {
  error: "must be lucky",
  path: ["steps"],
});

/** Presets of this schema. */
export const presets = {
  quick: {
    description: "A minute.",
    config: { steps: 10, model: { stem: "imagenet" } },
  },
  cifar: {
    description: "CIFAR-10.",
    config: { data: { name: "cifar10", held: 0.5 } },
  },
} as const;

/** Loads a config of this schema. */
export function load(sources: ConfigSources) {
  return loadConfig(schema, presets, sources);
}

/** Loads a config of single settings. */
export function set(...settings: string[]) {
  return load({ set: settings });
}

/** The message with which a config is refused. */
export async function problem(sources: ConfigSources): Promise<string> {
  return (await assertRejects(() => load(sources), UserError)).message;
}
