import type { EncoderKind } from "../../layers/encoder.ts";
import type { EncoderOptions, ModelOptions } from "../config/config.ts";
import * as encoderKinds from "./encoders.ts";
import * as modelKinds from "./kinds.ts";
import type { PretextKind } from "./pretext_model.ts";

const encoders: Readonly<
  Record<EncoderOptions["name"], EncoderKind<EncoderOptions>>
> = encoderKinds;
const models: Readonly<
  Record<ModelOptions["name"], PretextKind<ModelOptions>>
> = modelKinds;

/** The kind of encoder that `options` name. */
export function encoderKind(
  { name }: EncoderOptions,
): EncoderKind<EncoderOptions> {
  return encoders[name];
}

/** The kind of pretext model that `options` name. */
export function modelKind({ name }: ModelOptions): PretextKind<ModelOptions> {
  return models[name];
}
