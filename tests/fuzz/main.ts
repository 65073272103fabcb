/** Breaks files at random and lets the program read them; what it does not answer well is kept. */
import { MinuteReport, runCampaign } from "../campaigns/campaign.ts";
import { TemporaryFolder } from "../datasets/temporary_folder.ts";
import { allTargets } from "./all_targets.ts";
import { Failures } from "./failures.ts";
import { followThread, type Job, type Note } from "./follow_thread.ts";

const campaign = {
  name: "fuzz",
  help:
    `Breaks files at random and lets the program read them. Each must give the right
answer or one sentence, in a second of the processors' time and within 2 GiB for
all. Files that do not are kept in runs/fuzz.`,
};

/** Milliseconds of the processors' time that an input may take. */
const LIMIT_MS = 1000;
/** Bytes that the program may have. */
const MEMORY = 2 ** 31;
const MEMORY_CHECK_MS = 50;
/** A call that has not come back after so long never will. */
const HANG_MS = 30_000;

await runCampaign(campaign, async ({ seed, end, interrupt, choose }) => {
  const targets = choose(allTargets());
  const failures = new Failures(targets, seed);
  using folder = new TemporaryFolder();
  let current: Note | undefined;
  // while a call has the memory: afterwards it may have given it back
  const memoryCheck = setInterval(() => {
    const { rss } = Deno.memoryUsage();
    if (current && rss > MEMORY) {
      failures.keep(current, `the program has ${rss} bytes`);
    }
  }, MEMORY_CHECK_MS);
  const job: Job = {
    names: targets.map(({ name }) => name),
    seed,
    folder: folder.path,
    milliseconds: end - performance.now(),
    limit: LIMIT_MS,
  };
  const address = new URL("thread.ts", import.meta.url);
  address.searchParams.set("job", JSON.stringify(job));
  // in a thread of its own, so that this one notices when it hangs
  const thread = new Worker(address, { type: "module" });
  const report = new MinuteReport("inputs of each target");
  const stopped = Promise.withResolvers<undefined>();
  interrupt.onabort = () => stopped.resolve(undefined);
  const followed = followThread(thread, HANG_MS, (note) => {
    current = note;
    report.update(note.input);
    if (note.problem !== undefined) failures.keep(note, note.problem);
  });
  const problem = await Promise.race([followed, stopped.promise]);
  // it must not write while its folder is removed
  thread.terminate();
  clearInterval(memoryCheck);
  if (problem !== undefined) {
    if (!current) throw new Error(problem);
    failures.keep(current, problem);
    console.log("the campaign ends here: no thread can be taken out of a loop");
  }
  failures.finish(current?.input ?? 0);
});
