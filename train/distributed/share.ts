import { sha256 } from "../../datasets/files/digest.ts";
import type { Communicator } from "../../engine/communicator.ts";
import type { Device } from "../../engine/devices/device.ts";
import { UserError } from "../../engine/user_error.ts";
import type { StoredTensor } from "../run/safetensors_header.ts";
import { storagesOf, type TrainingState } from "../run/training_state.ts";

/** What rank 0 gives, anything that JSON holds, on all ranks. */
export async function shareJson<Value>(
  value: Value | undefined,
  communicator: Communicator,
): Promise<Value> {
  const text = new TextEncoder().encode(JSON.stringify(value) ?? "");
  const length = Int32Array.of(text.length);
  await communicator.broadcast(length);
  const bytes = communicator.rank === 0 ? text : new Uint8Array(length[0]);
  await communicator.broadcast(bytes);
  return JSON.parse(new TextDecoder().decode(bytes));
}

/** What each rank gives, anything that JSON holds, in the order of the ranks; on all ranks. */
export async function gatherJson<Value>(
  value: Value,
  communicator: Communicator,
): Promise<Value[]> {
  const text = new TextEncoder().encode(JSON.stringify(value));
  const lengths = new Int32Array(communicator.size);
  await communicator.allGather(Int32Array.of(text.length), lengths);
  const longest = Math.max(...lengths);
  // all parts of an exchange are of one length
  const own = new Uint8Array(longest);
  own.set(text);
  const all = new Uint8Array(longest * communicator.size);
  await communicator.allGather(own, all);
  return Array.from(lengths, (length, rank) => {
    const start = rank * longest;
    const bytes = all.subarray(start, start + length);
    return JSON.parse(new TextDecoder().decode(bytes));
  });
}

/** Overwrites the state of a run on the devices of all ranks with that of rank 0. */
export async function shareState(
  device: Device,
  state: TrainingState,
  communicator: Communicator,
): Promise<void> {
  for (const storage of storagesOf(state)) {
    const content = await device.read(storage);
    await communicator.broadcast(content);
    await device.write(storage, content);
  }
}

/**
 * Checks that a state is the same on all ranks, bit for bit.
 *
 * @throws {UserError} on all ranks if it is not.
 */
export async function checkSame(
  tensors: Readonly<Record<string, StoredTensor>>,
  communicator: Communicator,
  step: number,
): Promise<void> {
  if (communicator.size === 1) return;
  const digests: Record<string, string> = {};
  for (const [name, { data }] of Object.entries(tensors)) {
    const { buffer, byteOffset, byteLength } = data;
    digests[name] = await sha256(
      new Uint8Array(buffer, byteOffset, byteLength),
    );
  }
  const first = await shareJson(digests, communicator);
  const own = Object.keys(digests).find((name) =>
    digests[name] !== first[name]
  );
  const all = await gatherJson(own ?? null, communicator);
  const rank = all.findIndex((name) => name !== null);
  if (rank < 0) return;
  throw new UserError(
    `after step ${step} rank ${rank} has other values in ${
      all[rank]
    } than rank 0; ` +
      "look for a faulty machine, another processor or other versions of software, and resume from the last checkpoint",
  );
}
