/** Lets files, workers, the GPU and the disk fail commands, one at a time; what does not end well is kept. */
import { Draw } from "../fuzz/draw.ts";
import { Findings, MinuteReport, runCampaign } from "./campaign.ts";
import { breakdownsOf } from "./try_breakdown.ts";
import { type FaultOutcome, faultsOf, tryFileFault } from "./try_fault.ts";
import { Workshop } from "./workshop.ts";

const campaign = {
  name: "campaign:faults",
  help:
    `Lets each change that commands make to files fail once (the disk is full, access
denied, a write error, a short write), workers die, the GPU be lost and a small
disk fill up. A command must end with one sentence and code 1, or do without, and
called again come to the same files. What does not is kept in runs/faults.`,
};

/** A fault of a command. */
interface Trial {
  readonly command: string;
  readonly name: string;
  /** Lets it happen; why it cannot, where it cannot. */
  try(): Promise<FaultOutcome | string>;
}

await runCampaign(campaign, async ({ seed, end, interrupt, choose }) => {
  const findings = new Findings();
  await using workshop = await Workshop.open();
  const draw = new Draw(seed, 0);
  const trials: Trial[] = [];
  for (const command of choose(workshop.commands)) {
    const { name } = command;
    const { changes } = await workshop.undisturbed(command);
    for (const fault of faultsOf(changes, draw)) {
      const { at, change: { operation, path }, fault: kind } = fault;
      trials.push({
        command: name,
        name: `${kind} at change ${at}, ${operation} ${path}`,
        try: () => tryFileFault(workshop, command, fault),
      });
    }
    if (name !== "pretrain") continue;
    for (const breakdown of breakdownsOf(workshop, command, draw)) {
      trials.push({ ...breakdown, command: name });
    }
  }
  const total = trials.length;
  const report = new MinuteReport(`of ${total} faults`);
  while (trials.length > 0 && performance.now() < end) {
    report.update(total - trials.length);
    const next = draw.below(trials.length);
    const trial = trials[next];
    const outcome = await trial.try();
    if (interrupt.aborted) break;
    trials.splice(next, 1);
    if (typeof outcome === "string") {
      findings.count(trial.command, "impossible here");
      console.log(`impossible here: ${trial.name}: ${outcome}`);
      continue;
    }
    findings.count(trial.command, "faults");
    findings.count(trial.command, outcome.ending);
    if (outcome.problem === undefined) continue;
    const folder = `runs/faults/${trial.command}-${seed}-${
      total - trials.length
    }`;
    findings.report(workshop, folder, `${trial.name}: ${outcome.problem}`);
  }
  console.log(`${total - trials.length} of ${total} possible faults tried`);
  findings.finish();
});
