import { assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../../engine/user_error.ts";
import { MetricsFile, readMetrics } from "../../../train/run/metrics_file.ts";
import { withRoomFor } from "../../datasets/files/failing_disk.ts";
import { withFolder } from "../folder.ts";
import { randomNumber, testWithSeed } from "../../random.ts";

const record = (step: number) => ({
  step,
  loss: randomNumber(),
  note: "naïve\n",
  knn: null,
});

async function append(
  path: string,
  step: number,
  ...records: ReturnType<typeof record>[]
) {
  using file = await MetricsFile.open(path, step);
  for (const each of records) await file.append(each);
}

testWithSeed(
  "MetricsFile: records come back in order, from a file that is there or not",
  async () => {
    await withFolder(async (folder) => {
      const path = `${folder}/metrics.jsonl`;
      assertEquals(await readMetrics(path), []);
      const records = [1, 2, 2, 3].map(record);
      await append(path, 0, ...records);
      assertEquals(await readMetrics(path), records);
      assertEquals((await Deno.readTextFile(path)).split("\n").length, 5);
    });
  },
);

Deno.test("MetricsFile: is closed when it is disposed of", {
  sanitizeResources: true,
}, () => withFolder((folder) => append(`${folder}/metrics.jsonl`, 0)));

testWithSeed(
  "MetricsFile: numbers that are not finite come back as they were",
  async () => {
    await withFolder(async (folder) => {
      const path = `${folder}/metrics.jsonl`;
      const records = [{
        ...record(1),
        loss: NaN,
        gradient: [Infinity, -Infinity, 0],
      }];
      await append(path, 0, ...records);
      assertEquals<unknown>(await readMetrics(path), records);
      // every line is JSON for other readers too
      const { loss, gradient } = JSON.parse(await Deno.readTextFile(path));
      assertEquals([loss, gradient], ["NaN", ["Infinity", "-Infinity", 0]]);
    });
  },
);

testWithSeed(
  "MetricsFile.open: what was measured after the checkpoint is removed on resuming",
  async () => {
    await withFolder(async (folder) => {
      const path = `${folder}/metrics.jsonl`;
      const records = [1, 2, 3, 4, 5].map(record);
      await append(path, 0, ...records);
      const again = record(4);
      await append(path, 3, again);
      assertEquals(await readMetrics(path), [...records.slice(0, 3), again]);
    });
  },
);

testWithSeed(
  "MetricsFile.open: a last line cut short anywhere is left out and removed on resuming",
  async () => {
    await withFolder(async (folder) => {
      const path = `${folder}/metrics.jsonl`;
      const records = [1, 2, 3].map(record);
      await append(path, 0, ...records);
      const whole = await Deno.readFile(path);
      const lastLine = whole.lastIndexOf(10, whole.length - 2) + 1;
      for (let length = lastLine; length < whole.length; length++) {
        await Deno.writeFile(path, whole.subarray(0, length));
        assertEquals(await readMetrics(path), records.slice(0, 2));
        await append(path, 9, records[2]);
        assertEquals(await Deno.readFile(path), whole);
      }
    });
  },
);

Deno.test("readMetrics: another line that is damaged is named", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/metrics.jsonl`;
    for (
      const line of [
        ...['{"step": 2', "[2]", '{"loss": 2}', '{"step": -1}', ""],
        '{"step": 2, "time": "noon"}',
      ]
    ) {
      await Deno.writeTextFile(path, `{"step": 1}\n${line}\n{"step": 3}\n`);
      await assertRejects(
        () => readMetrics(path),
        UserError,
        `${path} is damaged: line 2 is not a JSON object with a step; remove that line`,
      );
    }
  });
});

testWithSeed(
  "MetricsFile.append: a full disk is reported, and what is there can be read",
  async () => {
    await withFolder(async (folder) => {
      const path = `${folder}/metrics.jsonl`;
      const records = [1, 2].map(record);
      await append(path, 0, records[0]);
      using file = await MetricsFile.open(path, 1);
      await withRoomFor(5, async () => {
        await assertRejects(
          () => file.append(records[1]),
          UserError,
          `cannot write ${path}: the disk is full`,
        );
      });
      assertEquals(await readMetrics(path), records.slice(0, 1));
    });
  },
);
