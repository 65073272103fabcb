import { z } from "zod";
import * as augmentations from "../../datasets/augmentation/kinds.ts";
import type { Preprocessing } from "../../datasets/augmentation/augmentation.ts";
import type { AugmentationOptions } from "../../datasets/augmentation/registry.ts";
import { SQUARING, type Squaring } from "../../datasets/resize.ts";
import { UserError } from "../../engine/user_error.ts";
import type { EncoderOptions, ModelOptions } from "../config/config.ts";
import { oneOf } from "../config/one_of.ts";
import * as encoders from "../models/encoders.ts";
import * as models from "../models/kinds.ts";
import {
  decodeSafetensors,
  encodeSafetensors,
  isSafetensors,
} from "../run/safetensors_bytes.ts";
import {
  DamagedFileError,
  type StoredTensor,
} from "../run/safetensors_header.ts";

/** What an exported encoder is, and all that is needed to compute features with it. */
export interface EncoderDescription {
  /** The residual network. */
  readonly encoder: EncoderOptions;
  /** The pretext model around it, without its vocabularies. */
  readonly model: ModelOptions;
  /** How images become what the network sees. */
  readonly augmentation: AugmentationOptions;
  /** Height and width of the squares that images are made into first, in pixels. */
  readonly imageSize: number;
  /** How they are made into these, for other programs to repeat. */
  readonly squaring: Squaring;
  /** What then becomes of such a square, for other programs to repeat. */
  readonly preprocessing: Preprocessing;
  /** Number of values of each kind of features. */
  readonly features: Readonly<Record<string, number>>;
  /** Version of the package that made the file. */
  readonly packageVersion: string;
  /** Number of training steps done. */
  readonly step: number;
  /** The config of the run. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** An exported encoder. */
export interface EncoderContents {
  /** What it is. */
  readonly description: EncoderDescription;
  /** Parameters and running statistics by name, those of the heads included. */
  readonly tensors: Readonly<Record<string, StoredTensor>>;
}

const FORMAT = "dv2-encoder";
const FORMAT_VERSION = 1;

const channels = z.array(z.number()).length(3);
const descriptionSchema: z.ZodType<EncoderDescription> = z.object({
  encoder: oneOf<EncoderOptions>(encoders),
  model: oneOf<ModelOptions>(models),
  augmentation: oneOf<AugmentationOptions>(augmentations),
  imageSize: z.int().min(1),
  // files from before it was recorded were made in the same way
  squaring: z.strictObject({
    crop: z.literal(SQUARING.crop),
    shrink: z.literal(SQUARING.shrink),
    enlarge: z.literal(SQUARING.enlarge),
    background: z.literal(SQUARING.background),
  }).default(SQUARING),
  preprocessing: z.object({
    resize: z.int().min(1),
    crop: z.int().min(1),
    mean: channels,
    std: channels,
  }),
  features: z.record(z.string(), z.int().min(1)),
  packageVersion: z.string(),
  step: z.int().min(0),
  config: z.record(z.string(), z.unknown()),
});

/**
 * The entries that describe an encoder in a file's metadata: each is JSON.
 *
 * @returns one entry for each property of the description.
 */
export function describe(
  description: EncoderDescription,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(description).map((
      [key, value],
    ) => [key, JSON.stringify(value)]),
  );
}

/** Encodes a safetensors file whose `__metadata__` holds the description. */
export function encodeEncoder(
  { description, tensors }: EncoderContents,
): Uint8Array<ArrayBuffer> {
  const metadata = {
    format: FORMAT,
    formatVersion: String(FORMAT_VERSION),
    ...describe(description),
  };
  return encodeSafetensors({ metadata, tensors });
}

/**
 * Decodes what {@linkcode encodeEncoder} has encoded.
 *
 * @param name Names the file in errors.
 * @throws {UserError} if it is damaged, cut short, of a newer version or another kind of file.
 */
export function decodeEncoder(
  bytes: Uint8Array,
  name: string,
): EncoderContents {
  const remedy = "give an encoder exported with --to safetensors";
  if (!isSafetensors(bytes)) {
    throw new UserError(`${name} is not a safetensors file; ${remedy}`);
  }
  const { metadata, tensors } = decodeSafetensors(bytes, name);
  if (metadata.format !== FORMAT) {
    throw new UserError(
      `${name} is a safetensors file but does not say how to compute features; ${remedy}`,
    );
  }
  if (Number(metadata.formatVersion) > FORMAT_VERSION) {
    throw new UserError(
      `${name} was made by a newer version of this program (format ${metadata.formatVersion}, ` +
        `this one knows ${FORMAT_VERSION}); update it`,
    );
  }
  return { description: parseDescription(metadata, name), tensors };
}

function parseDescription(
  metadata: Readonly<Record<string, string>>,
  name: string,
): EncoderDescription {
  const { format: _, formatVersion: __, ...entries } = metadata;
  try {
    return descriptionSchema.parse(
      Object.fromEntries(
        Object.entries(entries).map((
          [key, value],
        ) => [key, JSON.parse(value)]),
      ),
    );
  } catch (cause) {
    const where = cause instanceof z.ZodError
      ? `, at ${cause.issues[0].path.join(".")}`
      : "";
    throw new DamagedFileError(
      `${name} is damaged: its description of the encoder is wrong${where}; export it again`,
      { cause },
    );
  }
}
