import { assertEquals, assertMatch } from "@std/assert";
import { cachedFeatures } from "../../../train/evaluate/feature_cache.ts";
import type { NamedFeatures } from "../../../train/evaluate/compute_features.ts";
import { TemporaryFolder } from "../../datasets/temporary_folder.ts";

const features: NamedFeatures = {
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
    assertEquals(await cachedFeatures(path, "test", key, compute), features);
    assertEquals(computed, expected);
  };
  await get("a", 1);
  await get("a", 1);
  await get("b", 2);
  await get("a", 2);

  const files = [...Deno.readDirSync(path)].map(({ name }) => name);
  assertEquals(files.length, 2);
  for (const name of files) {
    assertMatch(name, /^test-[0-9a-f]{16}\.safetensors$/);
  }
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
  await get("b", 6);
  // files of other keys in their places
  const [first, second] = files.map((name) => `${path}/${name}`);
  Deno.renameSync(first, `${path}/other`);
  Deno.renameSync(second, first);
  Deno.renameSync(`${path}/other`, second);
  await get("a", 7);
  await get("b", 8);
  Deno.removeSync(path, { recursive: true });
  await get("a", 9);
});
