import { assertEquals } from "@std/assert";
import type { DistributedConfig } from "../../../train/config/config.ts";
import { processesOf, warnOfProcesses } from "../../../train/run/processes.ts";
import { warningsOf } from "../../datasets/warnings.ts";
import { tinyConfig } from "../tiny_model.ts";

const trainedBy = (processes?: unknown) => ({
  step: 1,
  tensors: {},
  metadata: { processes },
});

Deno.test("processesOf: is what the checkpoint says, and unknown in those of earlier versions", () => {
  assertEquals(processesOf(trainedBy(8)), 8);
  assertEquals(processesOf(trainedBy()), undefined);
  assertEquals(processesOf(trainedBy("many")), undefined);
});

Deno.test("warnOfProcesses: prints a line where another number of them changes what is computed", async () => {
  const warned = async (
    before: number | undefined,
    now: number,
    distributed: Partial<DistributedConfig> = {},
  ) => {
    const config = tinyConfig({ distributed });
    const warn = () => warnOfProcesses(config, trainedBy(before), now);
    return (await warningsOf(() => Promise.resolve(warn()))).lines;
  };
  const line =
    "processes: 1 in place of 8, which changes what is computed with ";
  assertEquals(await warned(8, 1), [`${line}distributed.statistics=local`]);
  assertEquals(await warned(8, 1, { negatives: "local" }), [
    `${line}distributed.negatives=local and distributed.statistics=local`,
  ]);
  assertEquals(await warned(8, 1, { statistics: "all" }), []);
  assertEquals(await warned(8, 8), []);
  assertEquals(await warned(undefined, 8), []);
});
