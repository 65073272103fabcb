/**
 * A thread that lets targets read broken files, one after another, as the address of this module says,
 * `thread.ts?job=JSON`.
 */
import { allTargets } from "./all_targets.ts";
import type { Job, Note } from "./follow_thread.ts";
import { inputOf, tryInput } from "./try_input.ts";

const { names, seed, folder, milliseconds, limit }: Job = JSON.parse(
  new URL(import.meta.url).searchParams.get("job")!,
);
const targets = allTargets().filter(({ name }) => names.includes(name));
// what is loaded once takes none of the time of an input
for (const target of targets) {
  await tryInput(target, target.files[0], folder, limit);
}
const post = (note: Note | "done") => self.postMessage(note);
const end = performance.now() + milliseconds;
for (let input = 0; performance.now() < end; input++) {
  for (const target of targets) {
    post({ target: target.name, input });
    const file = inputOf(target, seed, input);
    const problem = await tryInput(target, file, folder, limit);
    if (problem !== undefined) post({ target: target.name, input, problem });
  }
}
targets.forEach((target) => target.close?.());
post("done");
