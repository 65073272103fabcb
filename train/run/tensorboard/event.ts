import protobuf from "protobufjs";
import schema from "./event.proto" with { type: "text" };
import type { MetricsRecord } from "../metrics_file.ts";

const Event = protobuf.parse(schema, { keepCase: true }).root
  .lookupType("tensorflow.Event");

/**
 * The event that begins a file.
 *
 * @param wallTime Seconds since 1970.
 */
export function encodeVersion(wallTime: number): Uint8Array {
  return encode({ wall_time: wallTime, file_version: "brain.Event:2" });
}

/**
 * The event that tells of what was measured at a step. TensorBoard puts what comes before a slash
 * together, so `maskedPatch.retrieval` is tagged `maskedPatch/retrieval`.
 *
 * @param wallTime Seconds since 1970.
 */
export function encodeScalars(
  { step, ...metrics }: MetricsRecord,
  wallTime: number,
): Uint8Array {
  const value = Object.entries(metrics)
    .filter(([, value]) => typeof value === "number")
    .map(([name, simple_value]) => ({
      tag: name.replace(".", "/"),
      simple_value,
    }));
  return encode({ wall_time: wallTime, step, summary: { value } });
}

function encode(event: object): Uint8Array {
  return Event.encode(Event.fromObject(event)).finish();
}
