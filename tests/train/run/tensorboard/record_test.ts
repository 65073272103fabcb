import { assertEquals } from "@std/assert";
import {
  encodeScalars,
  encodeVersion,
} from "../../../../train/run/tensorboard/event.ts";
import { encodeRecord } from "../../../../train/run/tensorboard/record.ts";

const TIME = 256.5;

// What the Python package tensorboard_logger, which has the schemas from TensorFlow, writes of the
// same events: its tests hold these bytes, checksums included.
const expected = {
  version: '\x18\0\0\0\0\0\0\0\xa3\x7fK"' +
    "\t\0\0\0\0\0\x08p@\x1a\rbrain.Event:2" + "\xbc\x98!+",
  first: "\x19\0\0\0\0\0\0\0\x8b\xf1\x08(" +
    "\t\0\0\0\0\0\x08p@\x10\x01*\x0c\n\n\n\x03v/1\x15\0\0\xc0?" +
    ",\xec\xc0\x87",
  second: "\x1a\0\0\0\0\0\0\0\x12\x9b\xd8-" +
    "\t\0\0\0\0\0\x08p@\x10\x02*\r\n\x0b\n\x04v/22\x15\0\0\x80A" +
    "\x8f\xa3\xb6\x88",
};

function assertRecord(event: Uint8Array, bytes: string): void {
  assertEquals(String.fromCharCode(...encodeRecord(event)), bytes);
}

Deno.test("encodeRecord: frames events as other writers do, checksums included", () => {
  assertRecord(encodeVersion(TIME), expected.version);
  assertRecord(encodeScalars({ step: 1, "v.1": 1.5 }, TIME), expected.first);
  assertRecord(encodeScalars({ step: 2, "v.22": 16 }, TIME), expected.second);
});
