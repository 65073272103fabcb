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
  const { size } = communicator;
  if (size === 1) return;
  const digests = await Promise.all(
    Object.values(tensors).map(({ data }) =>
      sha256(
        new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      )
    ),
  );
  const own = new TextEncoder().encode(await sha256(digests.join()));
  const all = new Uint8Array(own.length * size);
  await communicator.allGather(own, all);
  for (let rank = 1; rank < size; rank++) {
    const theirs = all.subarray(rank * own.length, (rank + 1) * own.length);
    if (theirs.every((byte, i) => byte === all[i])) continue;
    throw new UserError(
      `after step ${step} rank ${rank} has other weights than rank 0; look for a faulty machine or ` +
        "different versions of software, and resume from the last checkpoint",
    );
  }
}
