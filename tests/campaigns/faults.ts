/** Lets writes of commands fail, one at a time; what does not end well is kept. */
import { Draw } from "../fuzz/draw.ts";
import { Findings, readOptions } from "./campaign.ts";
import { faultsOf, tryFault } from "./try_fault.ts";
import { Workshop } from "./workshop.ts";

const HELP = `Lets each change that commands make to files fail once.
  --minutes=N     how long at most (default: 10)
  --seed=N        which come first (default: drawn)
  --only=NAMES    commands, separated by commas (default: all)
`;

const { seed, end, isChosen } = readOptions(HELP);
const findings = new Findings();
await using workshop = await Workshop.open();
const draw = new Draw(seed, 0);
const trials = [];
for (const command of workshop.commands.filter(isChosen)) {
  const { changes } = await workshop.undisturbed(command);
  const faults = faultsOf(changes, draw);
  findings.count(command.name, "possible", faults.length);
  trials.push(...faults.map((fault) => ({ command, fault })));
}
while (trials.length > 0 && performance.now() < end) {
  const [{ command, fault }] = trials.splice(draw.below(trials.length), 1);
  const { ending, problem } = await tryFault(workshop, command, fault);
  findings.count(command.name, "tried");
  findings.count(command.name, ending);
  if (!problem) continue;
  const { at, change: { operation, path } } = fault;
  findings.report(
    workshop,
    `runs/faults/${command.name}-${at}-${fault.fault}`,
    `${fault.fault} at ${operation} of ${path}: ${problem}`,
  );
}
findings.finish();
