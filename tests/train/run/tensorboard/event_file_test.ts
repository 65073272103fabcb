import { assertEquals, assertRejects } from "@std/assert";
import protobuf from "protobufjs";
import schema from "../../../../train/run/tensorboard/event.proto" with {
  type: "text",
};
import { UserError } from "../../../../engine/user_error.ts";
import { EventFile } from "../../../../train/run/tensorboard/event_file.ts";
import { TemporaryFolder } from "../../../datasets/temporary_folder.ts";

const type = protobuf.parse(schema).root.lookupType("tensorflow.Event");

/** The step and the values of each event after the first, of the only event file in a folder. */
function readEvents(folder: string): [number, Record<string, number>][] {
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
  assertEquals(names.length, 1);
  const bytes = Deno.readFileSync(`${folder}/${names[0]}`);
  const view = new DataView(bytes.buffer);
  const events: [number, Record<string, number>][] = [];
  for (let start = 0; start < bytes.length;) {
    const end = start + 12 + Number(view.getBigUint64(start, true));
    const message = type.decode(bytes.subarray(start + 12, end));
    const { step = 0, summary, fileVersion } = type.toObject(message, {
      longs: Number,
    });
    if (start === 0) assertEquals(fileVersion, "brain.Event:2");
    else {
      const values: { tag: string; simpleValue: number }[] = summary.value;
      events.push([
        step,
        Object.fromEntries(values.map((v) => [v.tag, v.simpleValue])),
      ]);
    }
    start = end + 4;
  }
  return events;
}

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

Deno.test("EventFile: says where it cannot be written", async () => {
  await assertRejects(
    () => EventFile.open("nowhere", []),
    UserError,
    "cannot write nowhere/events.out.tfevents.",
  );
});
