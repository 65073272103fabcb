/**
 * Loaded before a command: the first of its workers whose address has NAME in it dies of an error at the
 * n-th message that it gets, `worker.ts?name=NAME&at=N`.
 */
const parameters = new URL(import.meta.url).searchParams;
const { Worker } = globalThis;
let hasDied = false;

globalThis.Worker = class extends Worker {
  constructor(address: string | URL, options?: WorkerOptions) {
    const dies = !hasDied && String(address).includes(parameters.get("name")!);
    hasDied ||= dies;
    super(dies ? dying(address) : address, options);
  }
};

function dying(address: string | URL): URL {
  const url = new URL("dying_worker.ts", import.meta.url);
  const at = parameters.get("at")!;
  url.search = String(new URLSearchParams({ address: String(address), at }));
  return url;
}
