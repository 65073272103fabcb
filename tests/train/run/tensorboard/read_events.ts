import { assertEquals } from "@std/assert";
import protobuf from "protobufjs";
import schema from "../../../../train/run/tensorboard/event.proto" with {
  type: "text",
};

const type = protobuf.parse(schema).root.lookupType("tensorflow.Event");

/** An event after the first of a file. */
interface Event {
  readonly step?: number;
  readonly wallTime: number;
  readonly summary: {
    readonly value: readonly { tag: string; simpleValue: number }[];
  };
}

/** The step and the values of each event after the first, of the only event file in a folder. */
export function readEvents(
  folder: string,
): [number, Record<string, number>][] {
  return readAll(folder).map(({ step = 0, summary: { value } }) => [
    step,
    Object.fromEntries(value.map((v) => [v.tag, v.simpleValue])),
  ]);
}

/** The times of the same events, in seconds since 1970. */
export function readWallTimes(folder: string): number[] {
  return readAll(folder).map(({ wallTime }) => wallTime);
}

function readAll(folder: string): Event[] {
  const names = [...Deno.readDirSync(folder)]
    .map(({ name }) => name)
    .filter((name) => name.includes("tfevents"));
  assertEquals(names.length, 1);
  const bytes = Deno.readFileSync(`${folder}/${names[0]}`);
  const view = new DataView(bytes.buffer);
  const events: Event[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = start + 12 + Number(view.getBigUint64(start, true));
    const message = type.decode(bytes.subarray(start + 12, end));
    const event = type.toObject(message, { longs: Number });
    if (start === 0) assertEquals(event.fileVersion, "brain.Event:2");
    else events.push(event as Event);
    start = end + 4;
  }
  return events;
}
