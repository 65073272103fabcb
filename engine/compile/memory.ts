import type { DeviceLimits } from "../devices/device.ts";
import { UserError } from "../user_error.ts";
import type { Buffer, Schedule } from "./kernel.ts";

/** Where the temporaries of a schedule lie in the one arena that they share. */
export interface Plan extends Schedule {
  /** First byte of each temporary or input in the arena. Parts and states are found through their whole. */
  readonly offsets: ReadonlyMap<Buffer, number>;
  /** Size of the arena in bytes. */
  readonly arenaBytes: number;
  /** Most bytes of temporaries and inputs that are alive at one time: no plan can need less. */
  readonly liveBytes: number;
}

/** Bytes that a buffer takes; bytes are padded to whole words. */
export function bytesOf(
  buffer: { readonly size: number; readonly dtype: string },
): number {
  return buffer.dtype === "u8"
    ? Math.ceil(buffer.size / 4) * 4
    : buffer.size * 4;
}

/** The buffer that `buffer` is a part of, and where it begins in it, in elements. */
export function wholeOf(
  buffer: Buffer,
): { readonly buffer: Buffer; readonly offset: number } {
  if (!buffer.parent) return { buffer, offset: 0 };
  const whole = wholeOf(buffer.parent.buffer);
  return { buffer: whole.buffer, offset: whole.offset + buffer.parent.offset };
}

interface Lifetime {
  readonly buffer: Buffer;
  readonly bytes: number;
  /** Index of the first and last dispatch that touches it. */
  first: number;
  last: number;
}

/** When each temporary and input is first and last touched; outputs stay until the end. */
function lifetimesOf(schedule: Schedule, limits: DeviceLimits): Lifetime[] {
  const byBuffer = new Map<Buffer, Lifetime>();
  const touch = (part: Buffer, time: number) => {
    const { buffer } = wholeOf(part);
    if (buffer.state) return;
    const lifetime = byBuffer.get(buffer);
    if (lifetime) {
      lifetime.first = Math.min(lifetime.first, time);
      lifetime.last = Math.max(lifetime.last, time);
    } else {
      const bytes = Math.ceil(bytesOf(buffer) / limits.alignment) *
        limits.alignment;
      byBuffer.set(buffer, { buffer, bytes, first: time, last: time });
    }
  };
  for (const buffer of schedule.inputs.values()) touch(buffer, 0);
  schedule.dispatches.forEach(({ inputs, output }, time) => {
    inputs.forEach((buffer) => touch(buffer, time));
    touch(output, time);
  });
  for (const buffer of schedule.outputs) {
    touch(buffer, schedule.dispatches.length);
  }
  return [...byBuffer.values()];
}

function checkSize(buffer: Buffer, limits: DeviceLimits) {
  const bytes = bytesOf(buffer);
  if (bytes > limits.maxBufferBytes) {
    const mebibytes = (value: number) => `${Math.ceil(value / 2 ** 20)} MiB`;
    throw new UserError(
      `${buffer.label} needs ${
        mebibytes(bytes)
      }, and this device binds at most ` +
        `${
          mebibytes(limits.maxBufferBytes)
        } at once; lower the batch size or the width of the network`,
    );
  }
}

/**
 * Gives every temporary its place, so that two share memory only if they are never alive together:
 * the largest first, each at the lowest address that is free during its whole life.
 *
 * @throws {UserError} if a single buffer is larger than the device can use.
 */
export function planMemory(schedule: Schedule, limits: DeviceLimits): Plan {
  for (const { inputs, output } of schedule.dispatches) {
    [...inputs, output].forEach((buffer) =>
      checkSize(wholeOf(buffer).buffer, limits)
    );
  }
  const lifetimes = lifetimesOf(schedule, limits).sort((a, b) =>
    b.bytes - a.bytes || a.first - b.first
  );
  const offsets = new Map<Buffer, number>();
  const placed: { lifetime: Lifetime; start: number }[] = [];
  for (const lifetime of lifetimes) {
    const neighbours = placed
      .filter(({ lifetime: other }) =>
        other.first <= lifetime.last && lifetime.first <= other.last
      )
      .sort((a, b) => a.start - b.start);
    let start = 0;
    for (const neighbour of neighbours) {
      start = withinBlock(start, lifetime.bytes, limits.maxBlockBytes);
      if (start + lifetime.bytes <= neighbour.start) break;
      start = Math.max(start, neighbour.start + neighbour.lifetime.bytes);
    }
    start = withinBlock(start, lifetime.bytes, limits.maxBlockBytes);
    placed.push({ lifetime, start });
    offsets.set(lifetime.buffer, start);
  }
  return {
    ...schedule,
    offsets,
    arenaBytes: placed.reduce(
      (end, { lifetime, start }) => Math.max(end, start + lifetime.bytes),
      0,
    ),
    liveBytes: maxLiveBytes(lifetimes, schedule.dispatches.length),
  };
}

/** The first address from `start` on at which `bytes` do not cross the end of a block. */
function withinBlock(start: number, bytes: number, blockBytes: number): number {
  const end = Math.floor(start / blockBytes + 1) * blockBytes;
  return start + bytes <= end ? start : end;
}

/** The most bytes alive during one dispatch, or at the end. */
function maxLiveBytes(lifetimes: readonly Lifetime[], end: number): number {
  const changes = new Array<number>(end + 2).fill(0);
  for (const { first, last, bytes } of lifetimes) {
    changes[first] += bytes;
    changes[last + 1] -= bytes;
  }
  let alive = 0;
  return changes.reduce((most, change) => Math.max(most, alive += change), 0);
}
