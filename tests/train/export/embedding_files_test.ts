import { assert, assertEquals, assertRejects } from "@std/assert";
import type { FileStamp } from "../../../datasets/file_stamps.ts";
import { UserError } from "../../../engine/user_error.ts";
import {
  EmbeddingFiles,
  type EmbeddingTask,
} from "../../../train/export/embedding_files.ts";
import { npyHeader } from "../../../train/export/npy.ts";
import { killedAfter } from "../../datasets/files/failing_disk.ts";
import { TemporaryFolder } from "../../datasets/temporary_folder.ts";
import { warningsOf } from "../../datasets/warnings.ts";
import { withoutLocks } from "../../datasets/without_locks.ts";

const task: EmbeddingTask = {
  encoder: { step: 5 },
  width: 2,
  folder: "/pictures",
  files: ["a.png", "b,c.png", "broken.png", "é.png", "z.png"]
    .map((name, i) => [name, 100, i]),
};

/** The features of a picture; there are none of the third. */
function featuresOf(i: number): Float32Array | undefined {
  return i === 2 ? undefined : Float32Array.of(i, i + 0.5);
}

const namesIn = (folder: TemporaryFolder) =>
  [...Deno.readDirSync(folder.path)].map(({ name }) => name).sort();

/** Deals with the pictures that are left, up to a number; returns how many were done before. */
async function embed(
  path: string,
  end: number,
  changed: Partial<EmbeddingTask> = {},
): Promise<number> {
  using files = await EmbeddingFiles.open(path, { ...task, ...changed });
  const { done } = files;
  for (let i = done; i < end; i++) await files.append(featuresOf(i));
  if (end === task.files.length) await files.finish();
  return done;
}

/** Checks that the files are finished and hold every picture. */
async function assertWhole(folder: TemporaryFolder): Promise<void> {
  assertEquals(namesIn(folder), ["it.csv", "it.npy"]);
  const bytes = await Deno.readFile(`${folder.path}/it.npy`);
  assertEquals(bytes.subarray(0, 128), npyHeader(4, 2));
  const values = [...new Float32Array(bytes.slice(128).buffer)];
  assertEquals(values, [0, 0.5, 1, 1.5, 3, 3.5, 4, 4.5]);
  assertEquals(
    await Deno.readTextFile(`${folder.path}/it.csv`),
    'file\r\na.png\r\n"b,c.png"\r\né.png\r\nz.png\r\n',
  );
}

Deno.test("EmbeddingFiles: writes all, and puts nothing in place before", async () => {
  using folder = new TemporaryFolder();
  const path = `${folder.path}/it.npy`;
  assertEquals(await embed(path, 4), 0);
  assertEquals(namesIn(folder), [
    "it.npy.journal.unfinished",
    "it.npy.unfinished",
  ]);
  assertEquals(await embed(path, 5), 4);
  await assertWhole(folder);
});

Deno.test("EmbeddingFiles: goes on from whatever a program that was killed has left", async () => {
  using folder = new TemporaryFolder();
  const path = `${folder.path}/it.npy`;
  const sizes = async () => {
    const rows = await Deno.stat(`${path}.unfinished`);
    const journal = await Deno.stat(`${folder.path}/it.npy.journal.unfinished`);
    return { rows: rows.size, journal: journal.size };
  };
  await embed(path, 4);
  const { rows, journal } = await sizes();
  const cuts = [
    // a row without its line, a line cut short, a line without all of its row, nothing written out
    { rows, journal: journal - 1 },
    { rows, journal: journal - 30 },
    { rows: rows - 1, journal },
    { rows: rows - 17, journal },
    { rows: 0, journal },
    { rows, journal: 3 },
  ];
  for (const cut of cuts) {
    await embed(path, 4);
    await Deno.truncate(`${path}.unfinished`, cut.rows);
    await Deno.truncate(
      `${folder.path}/it.npy.journal.unfinished`,
      cut.journal,
    );
    await embed(path, 4);
    assertEquals(await embed(path, 5), 4);
    await assertWhole(folder);
    await Deno.remove(path);
    await Deno.remove(`${folder.path}/it.csv`);
  }
});

Deno.test("EmbeddingFiles: killed while it puts the files in their places, it computes nothing again", async () => {
  for (let allowed = 0, killed = true; killed; allowed++) {
    using folder = new TemporaryFolder();
    const path = `${folder.path}/it.npy`;
    await embed(path, 4);
    killed = await killedAfter(allowed, async () => void await embed(path, 5));
    const isInPlace = namesIn(folder).includes("it.npy");
    const done = await embed(path, 5);
    assert(isInPlace || done >= 4, `${done} after ${allowed} operations`);
    await assertWhole(folder);
  }
});

Deno.test("EmbeddingFiles: between names and rows of the same pictures nothing else is written", async () => {
  let moments = 0;
  for (let allowed = 0, killed = true; killed; allowed++) {
    using folder = new TemporaryFolder();
    const path = `${folder.path}/it.npy`;
    const names = () => Deno.readTextFile(`${folder.path}/it.csv`);
    await embed(path, 5);
    const [oldNames, oldRows] = [await names(), await Deno.readFile(path)];
    // one picture less
    const files = task.files.with(4, ["broken.png", 100, 4]).toSpliced(2, 1);
    const changed = { files };
    killed = await killedAfter(allowed, async () => {
      using embedding = await EmbeddingFiles.open(path, {
        ...task,
        ...changed,
      });
      for (let i = embedding.done; i < 4; i++) {
        await embedding.append(featuresOf(i));
      }
      await embedding.finish();
    });
    const isNew = await names() !== oldNames;
    const rows = await Deno.readFile(path);
    if (isNew && rows.length === oldRows.length) moments++;
  }
  assertEquals(moments, 1);
});

Deno.test("EmbeddingFiles: refuses to begin over what another task has left unfinished", async () => {
  using folder = new TemporaryFolder();
  const path = `${folder.path}/it.npy`;
  const journal = `${path}.journal.unfinished`;
  await embed(path, 4);
  for (const other of [{ encoder: { step: 6 } }, { folder: "/others" }]) {
    await assertRejects(
      () => embed(path, 5, other),
      UserError,
      `${path} is unfinished: 4 images of another folder, encoder or kind of features are done; finish it with the command that began it, name another file with --out, or remove ${journal}`,
    );
  }
  // all is as it was
  assertEquals(await embed(path, 5), 4);
  await assertWhole(folder);
  await embed(path, 4);
  await Deno.remove(journal);
  assertEquals(await embed(path, 5, { folder: "/others" }), 0);
  await assertWhole(folder);
});

Deno.test("EmbeddingFiles: begins another task where one was killed after its files were in their places", async () => {
  for (let allowed = 0, killed = true; killed; allowed++) {
    using folder = new TemporaryFolder();
    const path = `${folder.path}/it.npy`;
    await embed(path, 4);
    killed = await killedAfter(allowed, async () => void await embed(path, 5));
    if (!namesIn(folder).includes("it.npy")) continue;
    assertEquals(await embed(path, 5, { folder: "/others" }), 0);
    await assertWhole(folder);
  }
});

Deno.test("EmbeddingFiles: goes on up to the first picture that has changed", async () => {
  using folder = new TemporaryFolder();
  const path = `${folder.path}/it.npy`;
  await embed(path, 4);
  const changed: FileStamp[] = [["b.png", 100, 1], ["b,c.png", 101, 1]];
  changed.push(["b,c.png", 100, 2]);
  for (const stamp of changed) {
    // the first is as it was
    assertEquals(
      await embed(path, 4, { files: task.files.with(1, stamp) }),
      1,
    );
  }
});

Deno.test("EmbeddingFiles: refuses what another process writes, and leaves it as it is", async () => {
  using folder = new TemporaryFolder();
  const path = `${folder.path}/it.npy`;
  {
    using files = await EmbeddingFiles.open(path, task);
    await files.append(featuresOf(0));
    await assertRejects(
      () => EmbeddingFiles.open(path, task),
      UserError,
      `${path} is in use: another process writes it; wait until it ends, or stop it`,
    );
    for (let i = 1; i < 5; i++) await files.append(featuresOf(i));
    await files.finish();
  }
  await assertWhole(folder);
  // it is free again
  assertEquals(await embed(path, 5), 0);
});

Deno.test("EmbeddingFiles: leaves alone what another process puts in its place meanwhile", async () => {
  using folder = new TemporaryFolder();
  const path = `${folder.path}/it.npy`;
  const first = await EmbeddingFiles.open(path, task);
  for (let i = 0; i < 5; i++) await first.append(featuresOf(i));
  // the first ends between the opening and the lock
  const { tryLock } = Deno.FsFile.prototype;
  Deno.FsFile.prototype.tryLock = async function (...args) {
    Deno.FsFile.prototype.tryLock = tryLock;
    await first.finish();
    first[Symbol.dispose]();
    return await tryLock.apply(this, args);
  };
  assertEquals(await embed(path, 0, { folder: "/others" }), 0);
  await assertWhole(folder);
});

Deno.test("EmbeddingFiles: once in their place, removes no rows that another process has begun", async () => {
  using folder = new TemporaryFolder();
  const path = `${folder.path}/it.npy`;
  using first = await EmbeddingFiles.open(path, task);
  for (let i = 0; i < 5; i++) await first.append(featuresOf(i));
  let second: EmbeddingFiles | undefined;
  const { rename } = Deno;
  Deno.rename = async (...args) => {
    await rename(...args);
    if (args[1] !== path) return;
    Deno.rename = rename;
    second = await EmbeddingFiles.open(path, task);
  };
  await first.finish();
  using other = second!;
  for (let i = 0; i < 5; i++) await other.append(featuresOf(i));
  await other.finish();
  await assertWhole(folder);
});

Deno.test("EmbeddingFiles: says that the file system has no locks, and goes on", async () => {
  using folder = new TemporaryFolder();
  const path = `${folder.path}/it.npy`;
  using _ = withoutLocks();
  const { lines } = await warningsOf(() => embed(path, 5));
  assertEquals(
    lines[0],
    `${path}.unfinished cannot be locked: its file system has no locks; start nothing else that uses the folder`,
  );
  assertEquals(lines.length, 1);
  await assertWhole(folder);
});

Deno.test("EmbeddingFiles: leaves nothing behind where nothing came of it", async () => {
  using folder = new TemporaryFolder();
  await embed(`${folder.path}/it.npy`, 0);
  assertEquals(namesIn(folder), []);
  await assertRejects(
    () => embed(`${folder.path}/nowhere/it.npy`, 0),
    UserError,
    "cannot write ",
  );
});
