import type { Device } from "../engine/devices/device.ts";
import type { Case, FactCase, WorkCase } from "./cases/case.ts";
import { disagreement, measure, type Seconds } from "./compare.ts";
import { prepareOurs } from "./ours.ts";
import type { Peers } from "./peers/all.ts";
import { ratioOf, type Result } from "./result.ts";
import { MissingPeer, type Peer } from "./work.ts";

/** Runs a case against all peers, and says each result as soon as it is known. */
export async function* runCase(
  item: Case,
  device: Device,
  { onSameBackend, onOtherBackends }: Peers,
): AsyncGenerator<Result> {
  const results = "measure" in item ? [runFact(item, device)] : runWork(
    item,
    device,
    item.onAllBackends ? [...onSameBackend, ...onOtherBackends] : onSameBackend,
  );
  const start = { name: item.name, device: device.description };
  try {
    for await (const result of results) yield { ...start, ...result };
  } catch (error) {
    // the other cases are worth running all the same
    const { message } = error as Error;
    yield { ...start, ...NOTHING, peer: "ours", error: message };
  }
}

const NOTHING = { ours: null, theirs: null, ratio: null, unit: "ms" } as const;

type Outcome = Omit<Result, "name" | "device">;

async function runFact(item: FactCase, device: Device): Promise<Outcome> {
  const { ours, peer, theirs, unit } = await item.measure(device);
  const ratio = ratioOf(unit, ours, theirs);
  return { peer, ours, theirs, ratio, unit };
}

async function* runWork(
  item: WorkCase,
  device: Device,
  peers: readonly Peer[],
): AsyncGenerator<Outcome> {
  const work = item.make();
  const ours = await prepareOurs(device, work);
  const expected = await ours.result();
  const [alone] = await measure(ours);
  for (const peer of peers) {
    let seconds: readonly Seconds[] = [alone];
    let reason: Pick<Result, "missing" | "error"> = {};
    try {
      const theirs = await peer.prepare(work);
      const tolerance = Math.max(item.tolerance, peer.tolerance ?? 0);
      try {
        const error = disagreement(expected, await theirs.result(), tolerance);
        seconds = await measure(ours, theirs);
        if (error) reason = { error };
      } finally {
        await theirs.close();
      }
    } catch (error) {
      const { message } = error as Error;
      reason = error instanceof MissingPeer
        ? { missing: message }
        : { error: message };
    }
    yield { peer: peer.name, ...inUnit(item, seconds), ...reason };
  }
  await ours.close();
}

/** Our time and, where it is known, theirs. */
function inUnit(
  { operations }: WorkCase,
  [ours, theirs]: readonly Seconds[],
): Omit<Outcome, "peer"> {
  const convert = (seconds: Seconds) =>
    operations === undefined ? seconds * 1e3 : operations / seconds / 1e9;
  return {
    ours: convert(ours),
    theirs: theirs === undefined ? null : convert(theirs),
    ratio: theirs === undefined ? null : theirs / ours,
    unit: operations === undefined ? "ms" : "GFLOP/s",
  };
}
