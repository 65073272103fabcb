import { listFolder, makeFolder } from "../../datasets/files/folders.ts";
import { writeAtomically } from "../../datasets/files/atomic_file.ts";
import {
  openSafetensors,
  readTensor,
  writeSafetensors,
} from "../run/safetensors.ts";
import { DamagedFileError } from "../run/safetensors_header.ts";
import { sha256 } from "../../datasets/files/digest.ts";
import type { Features } from "./features.ts";
import type { NamedFeatures } from "./compute_features.ts";

/**
 * Keeps features in a folder, a safetensors file for each key, so that they are computed once. A
 * file that is missing, damaged or changed is made anew; all of them may be deleted.
 *
 * @param folder Made where it does not exist.
 * @param label Begins the name of the file, so that it can be recognised.
 * @param key Everything that the features depend on, as text.
 * @throws {UserError} if a file cannot be read or written.
 */
export async function cachedFeatures(
  folder: string,
  label: string,
  key: string,
  compute: () => Promise<NamedFeatures>,
): Promise<NamedFeatures> {
  const digest = await sha256(key);
  const name = `${label}-${digest.slice(0, 16)}.safetensors`;
  const path = `${folder}/${name}`;
  if ((await listFolder(folder)).includes(name)) {
    const kept = await readFeatures(path, digest);
    if (kept) return kept;
  }
  const features = await compute();
  await makeFolder(folder);
  await writeFeatures(path, digest, features);
  return features;
}

async function writeFeatures(
  path: string,
  key: string,
  features: NamedFeatures,
): Promise<void> {
  const tensors = Object.entries(features).map((
    [name, { width, values }],
  ) => [name, { shape: [values.length / width, width], data: values }]);
  const metadata = { key, checksum: await checksumOf(features) };
  await writeAtomically(
    path,
    (sink) => writeSafetensors(sink, Object.fromEntries(tensors), metadata),
  );
}

/** The features of a file; `undefined` where they are not what was written for the key. */
async function readFeatures(
  path: string,
  key: string,
): Promise<NamedFeatures | undefined> {
  try {
    const file = await openSafetensors(path);
    const features: Record<string, Features> = {};
    for (const [name, { shape }] of file.tensors) {
      const { data } = await readTensor(file, name);
      features[name] = { width: shape[1], values: Float32Array.from(data) };
    }
    const { metadata } = file;
    const isWhole = metadata.key === key &&
      metadata.checksum === await checksumOf(features);
    return isWhole ? features : undefined;
  } catch (error) {
    if (error instanceof DamagedFileError) return undefined;
    throw error;
  }
}

async function checksumOf(features: NamedFeatures): Promise<string> {
  const parts: string[] = [];
  for (const [name, { width, values }] of Object.entries(features)) {
    const { buffer, byteOffset, byteLength } = values;
    const bytes = new Uint8Array(buffer, byteOffset, byteLength);
    parts.push(`${name} ${width} ${await sha256(bytes)}`);
  }
  return await sha256(parts.join("\n"));
}
