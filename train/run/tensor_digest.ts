import { sha256 } from "../../datasets/files/digest.ts";
import type { StoredTensor } from "./safetensors_header.ts";

/** SHA-256 of tensors in their order: of names, shapes and values; in hexadecimal. */
export async function digestOfTensors(
  tensors: Readonly<Record<string, StoredTensor>>,
): Promise<string> {
  const parts: string[] = [];
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    parts.push(`${name} ${shape} ${await sha256(new Uint8Array(bytes))}`);
  }
  return await sha256(parts.join("\n"));
}
