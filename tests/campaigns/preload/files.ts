/**
 * Loaded before a command: writes each change that it makes to files to a log, and does to the n-th what
 * the address of this module says, `files.ts?log=FILE&at=N&effect=EFFECT`.
 */
import { type Effect, errorOf, isErrorCode } from "../effects.ts";
import { type FileChange, watchFiles } from "../file_changes.ts";

const parameters = new URL(import.meta.url).searchParams;
const at = Number(parameters.get("at") ?? NaN);
const effect = parameters.get("effect") as Effect;

const log = Deno.openSync(parameters.get("log")!, {
  write: true,
  create: true,
  truncate: true,
});
// taken before it is watched
const { writeSync } = log;
let count = 0;
let chosen: FileChange | undefined;

watchFiles({
  before(change) {
    const line = new TextEncoder().encode(JSON.stringify(change) + "\n");
    writeSync.call(log, line);
    count++;
    if (count > at && effect === "ENOSPC") refuseBytes(change);
    if (count !== at) return;
    chosen = change;
    return begin(change);
  },
  after(change) {
    if (change === chosen && effect.startsWith("killed")) die();
  },
});

function begin({ bytes }: FileChange): number | void {
  if (effect === "killed before") die();
  // a disk has room for a part
  const isPartial = bytes !== undefined && effect === "ENOSPC";
  if (effect === "killed within" || effect === "short" || isPartial) {
    return bytes && Math.ceil(bytes / 2);
  }
  if (isErrorCode(effect)) throw errorOf(effect);
}

/** A disk that is full stays full. */
function refuseBytes({ operation, bytes }: FileChange): void {
  if (bytes !== undefined || operation === "mkdir") throw errorOf("ENOSPC");
}

function die(): never {
  Deno.kill(Deno.pid, "SIGKILL");
  throw new Error("this process was killed");
}
