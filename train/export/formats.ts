import { encodeSafetensors } from "../run/safetensors_bytes.ts";
import { encodeEncoder, type EncoderContents } from "./encoder_file.ts";
import { encoderOfRun } from "./export_encoder.ts";
import { toOnnx } from "./onnx.ts";
import { timmMetadata, toTimm } from "./timm.ts";

/** The name of a format that encoders are exported in. */
export type ExportFormat = "safetensors" | "timm" | "onnx";

/** A format that encoders are exported in. */
interface Format {
  /** What it is for, in a line. */
  readonly description: string;
  /** Default name of a file of it. */
  readonly fileName: string;
  /** Encodes a whole file. */
  readonly encode: (contents: EncoderContents) => Uint8Array;
}

/** The formats that encoders are exported in, by name. */
export const exportFormats: Readonly<Record<ExportFormat, Format>> = {
  safetensors: {
    description: "all that loadEncoder and embed need",
    fileName: "encoder.safetensors",
    encode: encodeEncoder,
  },
  timm: {
    description: "the names and layout of timm's resnetv2, for PyTorch",
    fileName: "encoder.timm.safetensors",
    encode: (contents) => {
      const tensors = toTimm(contents);
      return encodeSafetensors({
        metadata: timmMetadata(contents, tensors),
        tensors,
      });
    },
  },
  onnx: {
    description: "whole images to features, for onnxruntime and others",
    fileName: "encoder.onnx",
    encode: toOnnx,
  },
};

/**
 * Exports the encoder of a run, as its latest checkpoint has it.
 *
 * @param run The folder of the run.
 * @returns the content of the file.
 * @throws {UserError} if it is not the folder of a run, has no checkpoint, or cannot be read.
 */
export async function exportEncoder(
  run: string,
  format: ExportFormat,
): Promise<Uint8Array> {
  return exportFormats[format].encode(await encoderOfRun(run));
}
