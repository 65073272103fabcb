import { assert, assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../../../engine/user_error.ts";
import { EventFile } from "../../../../train/run/tensorboard/event_file.ts";
import { readEvents, readWallTimes } from "./read_events.ts";
import { TemporaryFolder } from "../../../datasets/temporary_folder.ts";

Deno.test("EventFile: holds the measurements so far and those added", async () => {
  using folder = new TemporaryFolder();
  {
    using file = await EventFile.open(folder.path, []);
    await file.append({ step: 10, loss: 0.5, "image.loss": NaN });
    await file.append({ step: 20, loss: 0.25 });
  }
  assertEquals(readEvents(folder.path), [
    [10, { loss: 0.5, "image/loss": NaN }],
    [20, { loss: 0.25 }],
  ]);
  // gone on from step 10
  {
    using file = await EventFile.open(folder.path, [{ step: 10, loss: 0.5 }]);
    await file.append({ step: 20, loss: 0.125 });
  }
  assertEquals(readEvents(folder.path), [
    [10, { loss: 0.5 }],
    [20, { loss: 0.125 }],
  ]);
});

Deno.test("EventFile: what was measured before keeps its time", async () => {
  using folder = new TemporaryFolder();
  const time = "2026-01-31T12:00:00.500Z";
  using file = await EventFile.open(folder.path, [{ step: 1, time, loss: 1 }]);
  await file.append({ step: 2, loss: 1 });
  const [first, second] = readWallTimes(folder.path);
  assertEquals(first, Date.parse(time) / 1000);
  assert(second > Date.now() / 1000 - 60);
});

Deno.test("EventFile: says where it cannot be written", async () => {
  await assertRejects(
    () => EventFile.open("nowhere", []),
    UserError,
    "cannot write nowhere/events.out.tfevents.",
  );
});
