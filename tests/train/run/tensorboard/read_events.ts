import { assertEquals } from "@std/assert";
import protobuf from "protobufjs";
import schema from "../../../../train/run/tensorboard/event.proto" with {
  type: "text",
};

const type = protobuf.parse(schema).root.lookupType("tensorflow.Event");

/** The step and the values of each event after the first, of the only event file in a folder. */
export function readEvents(
  folder: string,
): [number, Record<string, number>][] {
  const names = [...Deno.readDirSync(folder)]
    .map(({ name }) => name)
    .filter((name) => name.includes("tfevents"));
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
