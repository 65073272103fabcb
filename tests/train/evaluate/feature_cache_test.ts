import { assertEquals } from "@std/assert";
import { cachedFeatures } from "../../../train/evaluate/feature_cache.ts";
import type { RepresentedImages } from "../../../train/evaluate/represent.ts";
import { TemporaryFolder } from "../../datasets/temporary_folder.ts";

const features: RepresentedImages = {
  "patch res1": { width: 2, values: Float32Array.of(1, 2, 3, 4, 5, 6) },
  Î: { width: 1, values: Float32Array.of(-0.5, 1e-30, 7) },
};

Deno.test("cachedFeatures: computes once for a key, and again what is gone, damaged or changed", async () => {
  using folder = new TemporaryFolder();
  const path = `${folder.path}/run/features`;
  let computed = 0;
  const compute = () => {
    computed++;
    return Promise.resolve(features);
  };
  const get = async (key: string, expected: number) => {
    assertEquals(await cachedFeatures(path, key, compute), features);
    assertEquals(computed, expected);
  };
  await get("a", 1);
  await get("a", 1);
  await get("b", 2);
  await get("a", 2);

  const files = [...Deno.readDirSync(path)].map(({ name }) => name);
  assertEquals(files.length, 2);
  // one bit of one number
  for (const name of files) {
    const bytes = Deno.readFileSync(`${path}/${name}`);
    bytes[bytes.length - 1] ^= 1;
    Deno.writeFileSync(`${path}/${name}`, bytes);
  }
  await get("a", 3);
  await get("a", 3);
  await get("b", 4);
  for (const name of files) Deno.truncateSync(`${path}/${name}`, 30);
  await get("a", 5);
  // the file of another key in its place
  const [first, second] = files.map((name) => `${path}/${name}`);
  await get("b", 6);
  Deno.copyFileSync(first, second);
  await get("a", 7 - Number(await isOfKey(first, "a")));
  Deno.removeSync(path, { recursive: true });
  await get("a", computed + 1);
});

async function isOfKey(path: string, key: string): Promise<boolean> {
  const bytes = new TextEncoder().encode(key);
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  const name = new Uint8Array(digest).toHex().slice(0, 16);
  return path.endsWith(`${name}.safetensors`);
}
