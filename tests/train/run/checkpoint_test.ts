import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import configuration from "../../../deno.json" with { type: "json" };
import { UserError } from "../../../engine/user_error.ts";
import {
  changeMetadata,
  type Checkpoint,
  listCheckpoints,
  loadCheckpoint,
  loadLatestCheckpoint,
  saveCheckpoint,
} from "../../../train/run/checkpoint.ts";
import { openSafetensors } from "../../../train/run/safetensors.ts";
import { DamagedFileError } from "../../../train/run/safetensors_header.ts";
import { killedAfter, withRoomFor } from "../../datasets/files/failing_disk.ts";
import { withFolder } from "../folder.ts";
import {
  randomArray,
  randomBytes,
  randomNumber,
  randomWord,
  testWithSeed,
} from "../../random.ts";

/** A checkpoint with random tensors. */
function checkpoint(step: number): Checkpoint {
  const data = randomBytes(240).buffer;
  return {
    step,
    tensors: {
      // lies last in the file
      mask: { shape: [3], data: randomBytes(3) },
      "layer.weight": { shape: [3, 20], data: new Uint32Array(data) },
      "layer.bias": { shape: [5], data: randomArray(5) },
    },
    metadata: {
      config: { steps: step * 2, name: "naïve" },
      seed: randomWord(),
    },
  };
}

function names(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

/** Cuts off two bytes or more: JSON without its last line end would still be whole. */
async function cutShort(path: string): Promise<void> {
  const { size } = await Deno.stat(path);
  await Deno.truncate(path, Math.floor(randomNumber(0, size - 1)));
}

testWithSeed(
  "saveCheckpoint: a checkpoint comes back as it was saved",
  async () => {
    await withFolder(async (folder) => {
      const saved = checkpoint(123);
      await saveCheckpoint(folder, saved, 2);
      assertEquals(names(folder), [
        "step-000123.json",
        "step-000123.safetensors",
      ]);
      assertEquals(await loadLatestCheckpoint(folder), saved);
      assertEquals(await loadCheckpoint(folder, 123), saved);
    });
  },
);

Deno.test("saveCheckpoint: makes its folder, where a program was killed before it did", () =>
  withFolder(async (folder) => {
    const checkpoint = { step: 0, tensors: {}, metadata: {} };
    await saveCheckpoint(`${folder}/checkpoints`, checkpoint, 1);
    assertEquals(await listCheckpoints(`${folder}/checkpoints`), [0]);
  }));

Deno.test("loadLatestCheckpoint: a folder without checkpoints has no latest one", async () => {
  await withFolder(async (folder) => {
    assertEquals(await loadLatestCheckpoint(folder), undefined);
    assertEquals(await loadLatestCheckpoint(`${folder}/none`), undefined);
  });
});

testWithSeed(
  "saveCheckpoint: the last ones are kept, by number of steps",
  async () => {
    await withFolder(async (folder) => {
      for (const step of [5, 999_999, 1_000_000, 10_000_000]) {
        await saveCheckpoint(folder, checkpoint(step), 2);
      }
      assertEquals(await listCheckpoints(folder), [1_000_000, 10_000_000]);
      assertEquals(names(folder).length, 4);
      assertEquals((await loadLatestCheckpoint(folder))?.step, 10_000_000);
    });
  },
);

testWithSeed(
  "saveCheckpoint: that of step 0 is kept like any other, and makes way first",
  async () => {
    await withFolder(async (folder) => {
      for (const step of [0, 1, 2]) {
        await saveCheckpoint(folder, checkpoint(step), 3);
      }
      assertEquals(await listCheckpoints(folder), [0, 1, 2]);
      await saveCheckpoint(folder, checkpoint(3), 3);
      assertEquals(await listCheckpoints(folder), [1, 2, 3]);
    });
  },
);

testWithSeed(
  "saveCheckpoint: the tensors' file says what made it",
  async () => {
    await withFolder(async (folder) => {
      await saveCheckpoint(folder, checkpoint(7), 2);
      const { metadata } = await openSafetensors(
        `${folder}/step-000007.safetensors`,
      );
      const { settings, checksum, ...rest } = metadata;
      assertEquals(rest, { version: configuration.version, step: "7" });
      assertMatch(`${settings} ${checksum}`, /^[0-9a-f]{64} [0-9a-f]{64}$/);
      const { stamp } = JSON.parse(
        await Deno.readTextFile(`${folder}/step-000007.json`),
      );
      assertEquals(stamp, metadata);
    });
  },
);

testWithSeed(
  "loadCheckpoint: overwritten numbers are refused, and the one before is advised",
  async () => {
    await withFolder(async (folder) => {
      await saveCheckpoint(folder, checkpoint(1), 2);
      await saveCheckpoint(folder, checkpoint(2), 2);
      const path = `${folder}/step-000002.safetensors`;
      const bytes = await Deno.readFile(path);
      bytes[bytes.length - 100] ^= 1;
      await Deno.writeFile(path, bytes);
      const damaged =
        `${path} is damaged: it does not hold the numbers that were saved`;
      await assertRejects(
        () => loadCheckpoint(folder, 2),
        DamagedFileError,
        damaged,
      );
      await assertRejects(
        () => loadLatestCheckpoint(folder),
        UserError,
        `${damaged}; to go on from step 1, the newest whole checkpoint before it, remove ${folder}/step-000002.json`,
      );
    });
  },
);

/** What happened to a checkpoint, in which of its files, and what is said of that. */
const edits: [string, string, (text: string) => string, string][] = [
  [
    "a setting that was edited",
    "json",
    (text) => text.replace('"steps": 4', '"steps": 5'),
    "is damaged or was edited: it does not hold what was saved",
  ],
  [
    "a type that was overwritten",
    "safetensors",
    (text) => text.replace("F32", "x32"),
    "is damaged: tensor layer.bias is of type x32, not F32, I32, U32 or U8",
  ],
  [
    "a shape that was overwritten",
    "safetensors",
    (text) => text.replace('"shape":[3,20]', '"shape":[20,3]'),
    "is damaged: it does not hold the numbers that were saved",
  ],
];

for (const [what, end, edit, problem] of edits) {
  testWithSeed(
    `loadCheckpoint: ${what} is refused by name, and the one before is advised`,
    async () => {
      await withFolder(async (folder) => {
        await saveCheckpoint(folder, checkpoint(1), 2);
        await saveCheckpoint(folder, checkpoint(2), 2);
        const path = `${folder}/step-000002.${end}`;
        const bytes = await Deno.readFile(path);
        const before = String.fromCharCode(...bytes);
        const after = edit(before);
        assert(after !== before);
        await Deno.writeFile(
          path,
          Uint8Array.from(after, (letter) => letter.charCodeAt(0)),
        );
        await assertRejects(
          () => loadLatestCheckpoint(folder),
          UserError,
          `${path} ${problem}; to go on from step 1, the newest whole checkpoint before it, remove ${folder}/step-000002.json`,
        );
      });
    },
  );
}

testWithSeed(
  "loadCheckpoint: one from before there were digests comes back as it was saved",
  async () => {
    await withFolder(async (folder) => {
      const saved = checkpoint(1);
      await saveCheckpoint(folder, saved, 1);
      const path = `${folder}/step-000001.json`;
      const { digest, ...earlier } = JSON.parse(await Deno.readTextFile(path));
      assertMatch(digest, /^[0-9a-f]{64}$/);
      await Deno.writeTextFile(path, JSON.stringify(earlier));
      assertEquals(await loadCheckpoint(folder, 1), saved);
    });
  },
);

testWithSeed(
  "loadLatestCheckpoint: does not advise one whose numbers are overwritten too",
  async () => {
    await withFolder(async (folder) => {
      for (const step of [1, 2, 3]) {
        await saveCheckpoint(folder, checkpoint(step), 3);
      }
      for (const step of [2, 3]) {
        const path = `${folder}/step-00000${step}.safetensors`;
        const bytes = await Deno.readFile(path);
        bytes[bytes.length - 1] ^= 128;
        await Deno.writeFile(path, bytes);
      }
      await assertRejects(
        () => loadLatestCheckpoint(folder),
        UserError,
        "to go on from step 1,",
      );
    });
  },
);

testWithSeed(
  "loadCheckpoint: tensors of another model, run or step are refused as such",
  async () => {
    await withFolder(async (folder) => {
      const [mine, other] = [`${folder}/mine`, `${folder}/other`];
      for (const path of [mine, other]) {
        await Deno.mkdir(path);
        const saved = checkpoint(2);
        await saveCheckpoint(path, saved, 3);
        await saveCheckpoint(path, { ...saved, step: 1 }, 3);
      }
      const path = `${mine}/step-000002.safetensors`;
      const sources = [
        [`${other}/step-000002.safetensors`, "another model or run"],
        [`${mine}/step-000001.safetensors`, "step 1"],
      ];
      for (const [source, what] of sources) {
        await Deno.copyFile(source, path);
        await assertRejects(
          () => loadCheckpoint(mine, 2),
          DamagedFileError,
          `${path} is of ${what}: ${mine}/step-000002.json was not saved with it`,
        );
      }
    });
  },
);

testWithSeed(
  "changeMetadata: changes that of all checkpoints, which load as before",
  async () => {
    await withFolder(async (folder) => {
      const [first, second] = [checkpoint(1), checkpoint(2)];
      for (const each of [first, second, checkpoint(3)]) {
        await saveCheckpoint(folder, each, 3);
      }
      await cutShort(`${folder}/step-000003.json`);
      await changeMetadata(folder, (metadata) => ({ ...metadata, config: 1 }));
      for (const { metadata, ...saved } of [first, second]) {
        assertEquals(await loadCheckpoint(folder, saved.step), {
          ...saved,
          metadata: { ...metadata, config: 1 },
        });
      }
    });
  },
);

testWithSeed(
  "saveCheckpoint: a second checkpoint of a step replaces the first",
  async () => {
    await withFolder(async (folder) => {
      await saveCheckpoint(folder, checkpoint(7), 2);
      const second = checkpoint(7);
      await saveCheckpoint(folder, second, 2);
      assertEquals(await loadLatestCheckpoint(folder), second);
    });
  },
);

testWithSeed(
  "saveCheckpoint: killed at any moment of a save, the earlier or the new checkpoint is whole",
  async () => {
    let cutOff = true;
    const found = new Set<number>();
    for (let allowed = 0; cutOff; allowed++) {
      await withFolder(async (folder) => {
        const [first, second, third] = [10, 20, 30].map(checkpoint);
        await saveCheckpoint(folder, first, 1);
        cutOff = await killedAfter(
          allowed,
          () => saveCheckpoint(folder, second, 1),
        );
        const latest = await loadLatestCheckpoint(folder);
        assertEquals(latest, latest?.step === 20 ? second : first);
        found.add(latest!.step);
        for (const step of await listCheckpoints(folder)) {
          await loadCheckpoint(folder, step);
        }

        await saveCheckpoint(folder, third, 1);
        assertEquals(names(folder), [
          "step-000030.json",
          "step-000030.safetensors",
        ]);
        assertEquals(await loadLatestCheckpoint(folder), third);
      });
      assert(allowed < 100);
    }
    assertEquals([...found], [10, 20]);
  },
);

testWithSeed(
  "saveCheckpoint: killed at any moment of a second save of a step, no mixture is left",
  async () => {
    let cutOff = true;
    for (let allowed = 0; cutOff; allowed++) {
      await withFolder(async (folder) => {
        const saved = [checkpoint(10), checkpoint(20), checkpoint(20)];
        await saveCheckpoint(folder, saved[0], 2);
        await saveCheckpoint(folder, saved[1], 2);
        cutOff = await killedAfter(
          allowed,
          () => saveCheckpoint(folder, saved[2], 2),
        );
        const latest = await loadLatestCheckpoint(folder);
        assert(
          saved.some(({ metadata }) => metadata.seed === latest?.metadata.seed),
        );
        assertEquals(
          latest,
          saved.find(({ metadata }) => metadata.seed === latest?.metadata.seed),
        );
      });
    }
  },
);

testWithSeed(
  "saveCheckpoint: on a full disk the save fails, leaves no file and the earlier checkpoint",
  async () => {
    await withFolder(async (folder) => {
      const first = checkpoint(1);
      await saveCheckpoint(folder, first, 1);
      const before = names(folder);
      const { size } = await Deno.stat(`${folder}/step-000001.safetensors`);
      // Room for nothing, for a part of the tensors, and for all of them but not the JSON.
      const cases = [[0, "safetensors"], [size - 1, "safetensors"], [
        size,
        "json",
      ]] as const;
      for (const [room, failing] of cases) {
        await withRoomFor(room, async () => {
          await assertRejects(
            () => saveCheckpoint(folder, checkpoint(2), 1),
            UserError,
            `cannot write ${folder}/step-000002.${failing}: the disk is full`,
          );
        });
        assertEquals(names(folder), before);
        assertEquals(await loadLatestCheckpoint(folder), first);
      }
    });
  },
);

testWithSeed(
  "loadLatestCheckpoint: a checkpoint cut short is refused, with the newest whole one before it",
  async () => {
    for (const damaged of ["safetensors", "json"]) {
      await withFolder(async (folder) => {
        const saved = [1, 2, 3, 4].map(checkpoint);
        for (const each of saved) await saveCheckpoint(folder, each, 4);
        await cutShort(`${folder}/step-000003.safetensors`);
        await cutShort(`${folder}/step-000004.${damaged}`);
        const { message } = await assertRejects(
          () => loadLatestCheckpoint(folder),
          UserError,
          `${folder}/step-000004.${damaged} is cut short`,
        );
        const advice =
          "; to go on from step 2, the newest whole checkpoint before it, " +
          `remove ${folder}/step-000004.json and ${folder}/step-000003.json`;
        assertEquals(message.slice(message.indexOf(";")), advice);

        for (const file of message.match(/step-\d+\.json/g)!.slice(-2)) {
          await Deno.remove(`${folder}/${file}`);
        }
        assertEquals(await loadLatestCheckpoint(folder), saved[1]);
      });
    }
  },
);

testWithSeed(
  "loadLatestCheckpoint: where no checkpoint is whole the message says so",
  async () => {
    await withFolder(async (folder) => {
      await saveCheckpoint(folder, checkpoint(1), 2);
      await saveCheckpoint(folder, checkpoint(2), 2);
      await cutShort(`${folder}/step-000001.json`);
      await Deno.remove(`${folder}/step-000002.safetensors`);
      await assertRejects(
        () => loadLatestCheckpoint(folder),
        UserError,
        `${folder}/step-000002.safetensors is missing; no earlier checkpoint is whole, so start a new run`,
      );
    });
  },
);

testWithSeed(
  "loadCheckpoint: a checkpoint whose JSON is that of another one is refused",
  async () => {
    await withFolder(async (folder) => {
      await saveCheckpoint(folder, checkpoint(1), 2);
      await saveCheckpoint(folder, checkpoint(2), 2);
      await Deno.copyFile(
        `${folder}/step-000001.json`,
        `${folder}/step-000002.json`,
      );
      await assertRejects(
        () => loadCheckpoint(folder, 2),
        UserError,
        `${folder}/step-000002.json is damaged: it says that its step is 1`,
      );
    });
  },
);

testWithSeed(
  "saveCheckpoint: files of another kind in the folder are left alone",
  async () => {
    await withFolder(async (folder) => {
      for (const name of ["notes.txt", "encoder.safetensors"]) {
        await Deno.writeTextFile(`${folder}/${name}`, "mine");
        await saveCheckpoint(folder, checkpoint(1), 1);
        assert(names(folder).includes(name));
      }
    });
  },
);
