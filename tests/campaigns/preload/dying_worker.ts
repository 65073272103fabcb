/** Another worker, until it gets its n-th message, `dying_worker.ts?address=URL&at=N`. */
declare const self: DedicatedWorkerGlobalScope;

const { searchParams } = new URL(import.meta.url);
const at = Number(searchParams.get("at"));
let count = 0;

await import(searchParams.get("address")!);
const answer = self.onmessage;
self.onmessage = (event) => {
  if (++count === at) throw new Error("this worker was made to die");
  answer?.call(self, event);
};
