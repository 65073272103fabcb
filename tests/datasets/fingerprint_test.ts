import { assert, assertEquals } from "@std/assert";
import type { Fingerprint } from "../../datasets/fingerprint.ts";
import { fingerprintFiles } from "../../datasets/fingerprint.ts";
import { fingerprintDataset } from "../../datasets/registry.ts";
import { assertTimersBetweenFiles } from "./seen_by_timers.ts";
import { TemporaryFolder } from "./temporary_folder.ts";

type Files = Record<string, Uint8Array | string>;

async function fingerprint(files: Files): Promise<Fingerprint> {
  using folder = new TemporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    folder.write(name, content);
  }
  return await fingerprintFiles(folder.path, Object.keys(files).reverse());
}

/** The parts in which the fingerprints of files differ. */
async function changed(before: Files, after: Files): Promise<string[]> {
  const [a, b] = [await fingerprint(before), await fingerprint(after)];
  return (Object.keys(a) as (keyof Fingerprint)[])
    .filter((part) => a[part] !== b[part]);
}

const files = { "a/1.png": "first", "a/2.png": "second", "3.png": "third" };

Deno.test("fingerprintFiles: the same files in another folder have the same", async () => {
  const { "3.png": third, ...others } = files;
  assertEquals(await changed(files, { "3.png": third, ...others }), []);
});

Deno.test("fingerprintFiles: leaves no file open", {
  sanitizeResources: true,
}, async () => {
  await fingerprint(files);
});

Deno.test("fingerprintFiles: tells names, sizes and contents apart", async () => {
  const { "3.png": third, ...others } = files;
  assertEquals(await changed(files, { ...others, "4.png": third }), ["names"]);
  assertEquals(await changed(files, { ...files, "3.png": "other" }), [
    "contents",
  ]);
  assertEquals(await changed(files, { ...files, "3.png": "" }), [
    "sizes",
    "contents",
  ]);
  assertEquals(await changed(files, others), [
    ...["files", "names", "sizes", "contents"],
  ]);
});

Deno.test("fingerprintFiles: looks into all of a large file, here and there", async () => {
  const large = new Uint8Array(4_000_000);
  for (const place of [0, 0.25, 0.5, 0.75]) {
    const other = large.slice();
    const start = place * large.length;
    other.fill(1, start, start + large.length / 8);
    assertEquals(await changed({ large }, { large: other }), ["contents"]);
  }
});

Deno.test("fingerprintFiles: is what earlier versions have noted of the same files in the folders of runs", async () => {
  // of more parts than are read
  const large = Uint8Array.from({ length: 300_000 }, (_, i) => i * i);
  const files: Files = { "0-large.png": large };
  // more than are looked into
  for (let i = 0; i < 100; i++) files[`${i}.png`] = `${i}`;
  assertEquals(await fingerprint(files), {
    files: 101,
    names: "1205a1a0229512ad0ee8ee25cd744d8328086396dc758cb2950d9216566c1aee",
    sizes: "21f1ce31b1422ee0226fb2136592d1505379f581353aaabd0c51cb8b7179ccce",
    contents:
      "550dc3c9c776be83ce05be64ea9d70962e55a70e17ef6978fd128d163eb9a32d",
  });
});

Deno.test("fingerprintFiles: a link to nothing is no error, and known as such", async () => {
  using folder = new TemporaryFolder();
  const of = () => fingerprintFiles(folder.path, ["1.png", "link.png"]);
  folder.write("1.png", "first");
  Deno.symlinkSync("2.png", `${folder.path}/link.png`);
  const dangling = await of();
  assertEquals(await of(), dangling);
  folder.write("2.png", "");
  const whole = await of();
  assertEquals(whole.contents, dangling.contents);
  assert(whole.sizes !== dangling.sizes);
});

Deno.test("fingerprintFiles: lets timers and signals through while it looks at many files", () =>
  assertTimersBetweenFiles(fingerprintFiles));

Deno.test("fingerprintDataset: files to measure with are a part of their own, where there are any", async () => {
  using folder = new TemporaryFolder();
  const { path } = folder;
  const record = new Uint8Array(3073);
  const image = new Uint8Array(27648);
  folder.write("cifar/data_batch_1.bin", record);
  folder.write("stl/unlabeled_X.bin", image);
  const sources: ["cifar10" | "stl10", string, string, Uint8Array][] = [
    ["cifar10", "cifar", "test_batch.bin", record],
    ["stl10", "stl", "train_y.bin", new Uint8Array(1)],
    ["stl10", "stl", "test_X.bin", image],
  ];
  for (const [name, place, file, content] of sources) {
    const of = () => fingerprintDataset({ name, path: `${path}/${place}` });
    const before = await of();
    folder.write(`${place}/${file}`, content);
    const after = await of();
    assert(after?.measuring !== before?.measuring, file);
    assertEquals({ ...after, measuring: before?.measuring }, {
      measuring: undefined,
      ...before,
    });
    folder.write(`${place}/${file}`, content.with(0, 1));
    assert((await of())?.measuring !== after?.measuring, file);
  }
});

Deno.test("fingerprintDataset: that of the files to train on, wherever they lie", async () => {
  using folder = new TemporaryFolder();
  const { path } = folder;
  folder.write("pictures/1.png", "first");
  folder.write("cifar/data_batch_1.bin", new Uint8Array(3073));
  folder.write("cifar/test_batch.bin", new Uint8Array(3073));
  folder.write("stl/unlabeled_X.bin", new Uint8Array(27648));
  folder.write("stl/train_X.bin", new Uint8Array(27648));
  const of = (name: "folder" | "cifar10" | "stl10", folder: string) =>
    fingerprintDataset({ name, path: `${path}/${folder}`, imageSize: 32 });
  const sources = [
    ["folder", "pictures", undefined],
    ["cifar10", "cifar", "cifar-10-batches-bin"],
    ["stl10", "stl", "stl10_binary"],
  ] as const;
  for (const [name, place, official] of sources) {
    const before = await of(name, place);
    assertEquals(before?.files, 1, name);
    const moved = `moved-${place}`;
    if (official) await Deno.mkdir(`${path}/${moved}`);
    await Deno.rename(`${path}/${place}`, `${path}/${moved}/${official ?? ""}`);
    assertEquals(await of(name, moved), before, name);
  }
  const synthetic = { trainSize: 1, testSize: 1, seed: 0 };
  assert(!await fingerprintDataset({ name: "synthetic", ...synthetic }));
});
