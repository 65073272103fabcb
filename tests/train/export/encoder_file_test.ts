import { assert, assertEquals, assertFalse, assertThrows } from "@std/assert";
import { UserError } from "../../../engine/user_error.ts";
import {
  decodeEncoder,
  encodeEncoder,
  type EncoderContents,
} from "../../../train/export/encoder_file.ts";
import { encoderOfRun } from "../../../train/export/export_encoder.ts";
import {
  decodeSafetensors,
  encodeSafetensors,
} from "../../../train/run/safetensors_bytes.ts";
import { TemporaryFolder } from "../../datasets/temporary_folder.ts";
import { makeRun, tinyFullConfig } from "./tiny_run.ts";
import { testWithSeed } from "../../random.ts";

async function tinyEncoder(): Promise<EncoderContents> {
  using folder = new TemporaryFolder();
  await makeRun(`${folder.path}/run`);
  return await encoderOfRun(`${folder.path}/run`);
}

function assertRefused(bytes: Uint8Array, message: string): void {
  const refuse = () => decodeEncoder(bytes, "cat.safetensors");
  assertEquals(assertThrows(refuse, UserError).message, message);
}

testWithSeed(
  "encodeEncoder: what it writes is read back, and says how images are prepared",
  async () => {
    const contents = await tinyEncoder();
    const bytes = encodeEncoder(contents);
    assertEquals(decodeEncoder(bytes, "it"), contents);

    const { metadata } = decodeSafetensors(bytes, "it");
    assertEquals(metadata.format, "dv2-encoder");
    assertEquals(JSON.parse(metadata.squaring), {
      crop: "center",
      shrink: "lanczos3",
      enlarge: "mitchell",
      background: "white",
    });
    assertEquals(JSON.parse(metadata.preprocessing), {
      resize: 32,
      crop: 32,
      mean: [125.3 / 255, 123 / 255, 113.9 / 255],
      std: [63 / 255, 62.1 / 255, 66.7 / 255],
    });
    assertEquals(JSON.parse(metadata.encoder), tinyFullConfig.encoder);
    assertEquals(JSON.parse(metadata.config).seed, tinyFullConfig.seed);
    assertEquals(JSON.parse(metadata.step), 5);
  },
);

testWithSeed(
  "decodeEncoder: reads a file from before the making of squares was recorded",
  async () => {
    const contents = await tinyEncoder();
    const { metadata: { squaring: _, ...metadata }, tensors } =
      decodeSafetensors(
        encodeEncoder(contents),
        "it",
      );
    const earlier = encodeSafetensors({ metadata, tensors });
    assertEquals(decodeEncoder(earlier, "it"), contents);
  },
);

testWithSeed(
  "encoderOfRun: keeps heads and statistics, leaves out moments and vocabularies",
  async () => {
    const { tensors, description } = await tinyEncoder();
    const names = Object.keys(tensors);
    const has = (part: string) => names.some((name) => name.includes(part));
    for (
      const part of ["encoder.stem", "patchHead", "imageHead", ".variance"]
    ) {
      assert(has(part), part);
    }
    for (const part of ["optimizer", "Vocabulary"]) {
      assertFalse(has(part), part);
    }
    assertEquals(description.features, {
      "patch res1": 8,
      "patch res2": 8,
      "patch res3": 8,
      "patch res4": 16,
      "image res1": 8,
      "image res2": 8,
      "image res3": 8,
      "image res4": 16,
      "image res5": 32,
      I: 32,
      Î: 16,
      "I, Î": 48,
      features: 4 * 16,
      all: 224,
      image: 32,
    });
  },
);

testWithSeed(
  "decodeEncoder: refuses what is no whole encoder, in one sentence",
  async () => {
    const contents = await tinyEncoder();
    const bytes = encodeEncoder(contents);
    const remedy = "give an encoder exported with --to safetensors";
    const onnx = Uint8Array.of(8, 8, 18, 3, 100, 118, 50, 58, 1, 2, 3, 4);
    assertRefused(onnx, `cat.safetensors is not a safetensors file; ${remedy}`);
    assertRefused(
      new Uint8Array(0),
      `cat.safetensors is not a safetensors file; ${remedy}`,
    );
    const dataBytes = Object.values(contents.tensors)
      .reduce((sum, { data }) => sum + data.byteLength, 0);
    assertRefused(
      bytes.subarray(0, -7),
      `cat.safetensors is cut short: its tensors take ${dataBytes} bytes, and ${
        dataBytes - 7
      } are there`,
    );
    const headerBytes = bytes.length - dataBytes - 8;
    assertRefused(
      bytes.subarray(0, 50),
      `cat.safetensors is cut short: its header takes ${headerBytes} bytes, and 42 are there`,
    );
    const { metadata, tensors } = decodeSafetensors(bytes, "it");
    assertRefused(
      encodeSafetensors({ metadata: {}, tensors }),
      `cat.safetensors is a safetensors file but does not say how to compute features; ${remedy}`,
    );
    assertRefused(
      encodeSafetensors({
        metadata: { ...metadata, formatVersion: "2" },
        tensors,
      }),
      "cat.safetensors was made by a newer version of this program (format 2, this one knows 1); " +
        "update it",
    );
    for (const model of ['{"name":"maskedPatchPrediction","grid":1}', "oops"]) {
      const wrong = encodeSafetensors({
        metadata: { ...metadata, model },
        tensors,
      });
      const where = model === "oops" ? "" : ", at model.grid";
      assertRefused(
        wrong,
        `cat.safetensors is damaged: its description of the encoder is wrong${where}; export it again`,
      );
    }
  },
);
