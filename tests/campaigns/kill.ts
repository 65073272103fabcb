/** Kills commands at random moments and lets them go on; the files of those that fail are kept. */
import { Draw } from "../fuzz/draw.ts";
import { Findings, MinuteReport, runCampaign } from "./campaign.ts";
import { MOMENTS, tryKill } from "./try_kill.ts";
import { Workshop } from "./workshop.ts";

const campaign = {
  name: "campaign:kill",
  help:
    `Kills commands at random moments, as kill -9 does, half of the times in the middle
of a write, and lets them go on: their files must then be those of a command that
was not killed. The folders of those that fail are kept in runs/kill.`,
};

await runCampaign(campaign, async ({ seed, end, interrupt, choose }) => {
  const findings = new Findings();
  await using workshop = await Workshop.open();
  const commands = choose(workshop.commands);
  const report = new MinuteReport("trials");
  for (let trial = 0; performance.now() < end; trial++) {
    report.update(trial);
    const command = commands[trial % commands.length];
    const turn = Math.floor(trial / commands.length);
    const moment = MOMENTS[turn % MOMENTS.length];
    const draw = new Draw(seed, trial);
    const { kills, problem } = await tryKill(workshop, command, moment, draw);
    if (interrupt.aborted) break;
    const { name } = command;
    findings.count(name, "trials");
    findings.count(name, "kills", kills);
    findings.count(name, moment, kills);
    findings.count(name, "equal", problem ? 0 : 1);
    if (problem) {
      const folder = `runs/kill/${name}-${seed}-${trial}`;
      findings.report(workshop, folder, `killed ${moment}: ${problem}`);
    }
  }
  findings.finish();
});
