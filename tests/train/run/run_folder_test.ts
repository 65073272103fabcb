import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { UserError } from "../../../engine/user_error.ts";
import {
  createLockedRun,
  createRunFolder,
  isRunFolder,
  openRunFolder,
  removeUnusedRunFolder,
} from "../../../train/run/run_folder.ts";
import { listFolder } from "../../../datasets/files/folders.ts";
import { saveCheckpoint } from "../../../train/run/checkpoint.ts";
import { lockRun } from "../../../train/run/lock.ts";
import { withRoomFor } from "../../datasets/files/failing_disk.ts";
import { withFolder } from "../folder.ts";

/** Runs a test with a folder of its own as the working directory. */
async function withinFolder(test: () => Promise<void>): Promise<void> {
  const before = Deno.cwd();
  await withFolder(async (folder) => {
    Deno.chdir(folder);
    try {
      await test();
    } finally {
      Deno.chdir(before);
    }
  });
}

Deno.test("createRunFolder: a run gets a folder named by time and name, with its config", async () => {
  await withinFolder(async () => {
    const config = { steps: 3, list: [1, null] };
    // in Sweden a time is written as here
    const now = () =>
      new Date().toLocaleString("sv-SE").replace(" ", "_").replaceAll(":", "-");
    const before = now();
    const run = await createRunFolder("cifar10-quick", config);
    const after = now();
    const [, time] = run.path.match(
      /^runs\/(\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d)-cifar10-quick$/,
    )!;
    assert(before <= time && time <= after);
    assertEquals(JSON.parse(await Deno.readTextFile(run.configPath)), config);
    assertEquals(await openRunFolder(run.path), { run, config });
  });
});

Deno.test("createRunFolder: runs begun within the same second get folders of their own", async () => {
  await withinFolder(async () => {
    const runs = await Promise.all(
      [1, 2, 3].map((n) => createRunFolder("a", { n })),
    );
    assertEquals(new Set(runs.map((run) => run.path)).size, 3);
  });
});

Deno.test("createRunFolder: a name that is no file name is refused", async () => {
  for (const name of ["../a", "a b", ""]) {
    await assertRejects(
      () => createRunFolder(name, {}),
      UserError,
      `the run's name is ${JSON.stringify(name)}`,
    );
  }
});

Deno.test("createRunFolder: a folder chosen by name is made, with those it lies in, or used where it is empty", async () => {
  await withFolder(async (folder) => {
    for (const out of [`${folder}/a/b`, `${folder}/empty`]) {
      if (out.endsWith("empty")) await Deno.mkdir(out);
      assertEquals(await isRunFolder(out), false);
      assertEquals((await createRunFolder("a", {}, out)).path, out);
      assertEquals(await isRunFolder(out), true);
    }
  });
});

Deno.test("createRunFolder: a folder that is not empty is refused and left as it is", async () => {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/thesis.txt`, "mine");
    await assertRejects(
      () => createRunFolder("a", {}, folder),
      UserError,
      `${folder} is not empty and not the folder of a run; choose another folder`,
    );
    assertEquals([...Deno.readDirSync(folder)].length, 1);
    await createRunFolder("a", { first: true }, `${folder}/run`);
    await assertRejects(
      () => createRunFolder("a", {}, `${folder}/run`),
      UserError,
      `${folder}/run already holds a run; continue that one, or choose another folder`,
    );
    assertEquals((await openRunFolder(`${folder}/run`)).config, {
      first: true,
    });
  });
});

Deno.test("createRunFolder: a folder in which a program was killed before there was a run is used", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/config.json.unfinished`, "{");
    await Deno.writeTextFile(`${folder}/lock`, "");
    const { run } = await openRunFolder(
      (await createRunFolder("a", {}, folder)).path,
    );
    assertEquals(await listFolder(run.path), [
      "checkpoints",
      "config.json",
      "lock",
    ]);
  }));

Deno.test("createLockedRun: of several at once in one folder one begins a run, and the others leave it as it is", () =>
  withFolder(async (folder) => {
    const out = `${folder}/run`;
    const begun = await Promise.allSettled(
      [0, 1, 2].map((seed) => createLockedRun("a", { seed }, out)),
    );
    const winners = begun.filter(({ status }) => status === "fulfilled");
    assertEquals(winners.length, 1);
    for (const [seed, result] of begun.entries()) {
      if (result.status === "fulfilled") {
        using _lock = result.value.lock;
        assertEquals((await openRunFolder(out)).config, { seed });
      } else {
        assert(result.reason instanceof UserError);
        assertMatch(result.reason.message, /is in use|already holds a run/);
      }
    }
  }));

Deno.test("createLockedRun: leaves a run that another process has begun meanwhile as it is", () =>
  withFolder(async (folder) => {
    const { tryLock } = Deno.FsFile.prototype;
    Deno.FsFile.prototype.tryLock = async function (...args) {
      Deno.FsFile.prototype.tryLock = tryLock;
      await Deno.writeTextFile(`${folder}/config.json`, '{"first": true}');
      return await tryLock.apply(this, args);
    };
    await assertRejects(
      () => createLockedRun("a", {}, folder),
      UserError,
      `${folder} already holds a run`,
    );
    assertEquals((await openRunFolder(folder)).config, { first: true });
  }));

Deno.test("createLockedRun: nobody else trains in the folder until the lock is disposed of", () =>
  withFolder(async (folder) => {
    const { run, lock } = await createLockedRun("a", {}, `${folder}/run`);
    {
      using _lock = lock;
      await assertRejects(() => lockRun(run), UserError, "is in use");
    }
    using _again = await lockRun(run);
  }));

Deno.test("createRunFolder: a file in the place of the folder is refused", async () => {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/run`, "a file");
    await assertRejects(
      () => createRunFolder("a", {}, `${folder}/run`),
      UserError,
      `${folder}/run`,
    );
  });
});

Deno.test("removeUnusedRunFolder: removes a run of which no step was taken, and no other", () =>
  withFolder(async (folder) => {
    for (const step of [0, 1]) {
      const run = await createRunFolder("a", {}, `${folder}/run`);
      using _lock = await lockRun(run);
      await Deno.writeTextFile(run.dataPath, "{}");
      await Deno.writeTextFile(run.budgetPath, "{}");
      await Deno.writeTextFile(`${run.metricsPath}.unfinished`, "");
      await Deno.writeTextFile(`${run.path}/events.out.tfevents.1`, "");
      const checkpoint = { step, tensors: {}, metadata: {} };
      await saveCheckpoint(run.checkpointsPath, checkpoint, 1);
      await removeUnusedRunFolder(run);
      assertEquals(await isRunFolder(run.path), step > 0);
      assertEquals((await listFolder(folder)).length, step);
    }
  }));

Deno.test("removeUnusedRunFolder: keeps a run of which something was measured, though its checkpoints are lost", () =>
  withFolder(async (folder) => {
    const run = await createRunFolder("a", {}, `${folder}/run`);
    await Deno.writeTextFile(run.metricsPath, '{"step": 1}\n');
    await removeUnusedRunFolder(run);
    assertEquals(await isRunFolder(run.path), true);
  }));

Deno.test("createRunFolder: leaves no folder where the disk is full", () =>
  withFolder(async (folder) => {
    await withRoomFor(0, async () => {
      await assertRejects(
        () => createRunFolder("a", {}, `${folder}/run`),
        UserError,
        "the disk is full",
      );
    });
    assertEquals(await listFolder(folder), []);
  }));

Deno.test("openRunFolder: what is not the folder of a run is not opened", async () => {
  await withFolder(async (folder) => {
    for (const path of [folder, `${folder}/none`]) {
      await assertRejects(
        () => openRunFolder(path),
        UserError,
        `${path} is not the folder of a run: it has no config.json`,
      );
    }
    for (
      const [text, problem] of [
        ['{"steps": ', "is not JSON: value expected at line 1, column 11"],
        ["[]", "must hold an object of settings"],
        [
          '{"a":'.repeat(20_000) + "1" + "}".repeat(20_000),
          "is nested too deeply for settings",
        ],
        [`{"a": 1${" ".repeat(2 ** 20)}}`, "is too long for settings"],
      ]
    ) {
      await Deno.writeTextFile(`${folder}/config.json`, text);
      await assertRejects(
        () => openRunFolder(folder),
        UserError,
        `${folder}/config.json ${problem}`,
      );
    }
  });
});

Deno.test("openRunFolder: reads a config that begins with a byte order mark", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/config.json`, '\uFEFF{"steps": 3}');
    assertEquals((await openRunFolder(folder)).config, { steps: 3 });
  }));

Deno.test("createRunFolder: a folder that may not be written is reported", {
  permissions: { read: true, write: false },
}, async () => {
  await assertRejects(
    () => createRunFolder("a", {}, "some/new/folder"),
    UserError,
    "cannot make the folder some/new/folder: Deno was not given permission; run again with --allow-write",
  );
});
