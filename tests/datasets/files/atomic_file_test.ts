import { assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../../engine/user_error.ts";
import {
  writeAll,
  writeAtomically,
  writeJsonAtomically,
} from "../../../datasets/files/atomic_file.ts";
import { withRoomFor } from "./failing_disk.ts";
import { withFolder } from "../../train/folder.ts";
import { randomBytes, testWithSeed } from "../../random.ts";

function names(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

Deno.test("writeJsonAtomically: writes a file whole, over the old one, with nothing left beside it", async () => {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(
      `${folder}/a.json`,
      "a much longer text than the new one",
    );
    await writeJsonAtomically(`${folder}/a.json`, { b: [1] });
    assertEquals(JSON.parse(await Deno.readTextFile(`${folder}/a.json`)), {
      b: [1],
    });
    assertEquals(names(folder), ["a.json"]);
  });
});

Deno.test("writeAtomically: leaves no file open", {
  sanitizeResources: true,
}, () => withFolder((folder) => writeJsonAtomically(`${folder}/a.json`, 1)));

Deno.test("writeAtomically: the old file stays in its place until the new one is whole", async () => {
  await withFolder(async (folder) => {
    await writeJsonAtomically(`${folder}/a.json`, "old");
    await writeAtomically(`${folder}/a.json`, async (sink) => {
      await writeAll(sink, new Uint8Array(10));
      assertEquals(await Deno.readTextFile(`${folder}/a.json`), '"old"\n');
    });
    assertEquals((await Deno.readFile(`${folder}/a.json`)).length, 10);
  });
});

Deno.test("writeAtomically: several that write one file at the same time wait for one another", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/a`;
    const write = (value: number) =>
      writeAtomically(path, async (sink) => {
        for (let i = 0; i < 10; i++) {
          await writeAll(sink, new Uint8Array(100).fill(value));
        }
      });
    await Promise.all([1, 2, 3, 4].map(write));
    const bytes = await Deno.readFile(path);
    assertEquals(bytes, new Uint8Array(1000).fill(bytes[0]));
    assertEquals(names(folder), ["a"]);
  });
});

Deno.test("writeAtomically: flushes a file to the disk before it takes its name", async () => {
  const { rename } = Deno;
  const { sync } = Deno.FsFile.prototype;
  const calls: string[] = [];
  Deno.rename = (...args) => (calls.push("rename"), rename(...args));
  Deno.FsFile.prototype.sync = function () {
    calls.push("sync");
    return sync.call(this);
  };
  try {
    await withFolder((folder) => writeJsonAtomically(`${folder}/a.json`, 1));
  } finally {
    Deno.rename = rename;
    Deno.FsFile.prototype.sync = sync;
  }
  assertEquals(calls, ["sync", "rename"]);
});

Deno.test("writeAtomically: when writing fails the old file stays and the new one is removed", async () => {
  await withFolder(async (folder) => {
    await writeJsonAtomically(`${folder}/a.json`, "old");
    await assertRejects(
      () =>
        writeAtomically(`${folder}/a.json`, async (sink) => {
          await writeAll(sink, new Uint8Array(10));
          throw new TypeError("no more");
        }),
      TypeError,
      "no more",
    );
    assertEquals(names(folder), ["a.json"]);
    assertEquals(await Deno.readTextFile(`${folder}/a.json`), '"old"\n');
  });
});

Deno.test("writeAtomically: removes the file cut short by a full disk", async () => {
  await withFolder(async (folder) => {
    await withRoomFor(100, async () => {
      await assertRejects(
        () => writeJsonAtomically(`${folder}/a.json`, "x".repeat(200)),
        UserError,
        `cannot write ${folder}/a.json: the disk is full`,
      );
    });
    assertEquals(names(folder), []);
  });
});

Deno.test("writeAtomically: leaves nothing beside the old file where what was left there cannot be emptied", async () => {
  await withFolder(async (folder) => {
    await writeJsonAtomically(`${folder}/a.json`, "old");
    await Deno.writeTextFile(`${folder}/a.json.unfinished`, "left by a kill");
    const { truncate } = Deno.FsFile.prototype;
    Deno.FsFile.prototype.truncate = () =>
      Promise.reject(Object.assign(new Error("EIO"), { code: "EIO" }));
    try {
      await assertRejects(
        () => writeJsonAtomically(`${folder}/a.json`, "new"),
        UserError,
        "the disk reports a read or write error",
      );
    } finally {
      Deno.FsFile.prototype.truncate = truncate;
    }
    assertEquals(names(folder), ["a.json"]);
  });
});

Deno.test("writeAtomically: names the permission that is missing", {
  permissions: { read: true, write: false },
}, async () => {
  await assertRejects(
    () => writeJsonAtomically("a.json", 1),
    UserError,
    "cannot write a.json: Deno was not given permission; run again with --allow-write",
  );
});

Deno.test("writeAtomically: refuses a folder that is missing", async () => {
  await withFolder(async (folder) => {
    await assertRejects(
      () => writeJsonAtomically(`${folder}/b/a.json`, 1),
      UserError,
      `cannot write ${folder}/b/a.json: there is no such file or folder; check the path`,
    );
  });
});

testWithSeed(
  "writeAll: bytes that the sink takes in parts all arrive in order",
  async () => {
    const bytes = randomBytes(1000);
    const taken: number[] = [];
    await writeAll({
      write: (part) => {
        const count = Math.min(part.length, 1 + taken.length % 97);
        taken.push(...part.subarray(0, count));
        return Promise.resolve(count);
      },
    }, bytes);
    assertEquals(taken, [...bytes]);
  },
);
