import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  decodeSafetensors,
  encodeSafetensors,
  isSafetensors,
} from "../../../train/run/safetensors_bytes.ts";
import { writeSafetensors } from "../../../train/run/safetensors.ts";
import { DamagedFileError } from "../../../train/run/safetensors_header.ts";

const contents = {
  metadata: { made: "here" },
  tensors: {
    bytes: { shape: [3], data: Uint8Array.of(1, 2, 3) },
    numbers: { shape: [1, 2], data: Float32Array.of(0.5, -2) },
    none: { shape: [0], data: new Int32Array(0) },
    scalar: { shape: [], data: Uint32Array.of(7) },
  },
};

Deno.test("encodeSafetensors: writes the bytes of writeSafetensors, which decodeSafetensors reads", async () => {
  const parts: number[] = [];
  const sink = {
    write(bytes: Uint8Array) {
      parts.push(...bytes);
      return Promise.resolve(bytes.length);
    },
  };
  await writeSafetensors(sink, contents.tensors, contents.metadata);
  const bytes = encodeSafetensors(contents);
  assertEquals([...bytes], parts);
  assertEquals(decodeSafetensors(bytes, "it"), contents);
  // not at the beginning of its buffer, and odd
  const shifted = new Uint8Array(bytes.length + 3);
  shifted.set(bytes, 3);
  assertEquals(decodeSafetensors(shifted.subarray(3), "it"), contents);
});

Deno.test("decodeSafetensors: leaves out tensors of dtypes that it cannot hold", () => {
  const header = '{"a":{"dtype":"I64","shape":[],"data_offsets":[0,8]}}';
  const bytes = new Uint8Array(8 + header.length + 8);
  bytes[0] = header.length;
  bytes.set(new TextEncoder().encode(header), 8);
  assertEquals(decodeSafetensors(bytes, "it").tensors, {});
});

Deno.test("decodeSafetensors: refuses every file that is cut short", () => {
  const bytes = encodeSafetensors(contents);
  for (let length = 0; length < bytes.length; length++) {
    const cut = bytes.subarray(0, length);
    const { message } = assertThrows(
      () => decodeSafetensors(cut, "cat"),
      DamagedFileError,
    );
    const isCut = message.startsWith("cat is cut short: ");
    assert(isCut || message === "cat is not a safetensors file", message);
    assertEquals(isCut, isSafetensors(cut), message);
  }
});
