import { assertEquals } from "@std/assert";
import { alone, type Communicator } from "../../engine/communicator.ts";
import type { Device } from "../../engine/devices/device.ts";
import { input } from "../../engine/graph/tensor.ts";
import { Program } from "../../engine/program.ts";
import { Context } from "../../layers/context.ts";
import { namedStates } from "../../layers/module.ts";
import {
  createVocabulary,
  type VocabularyOptions,
} from "../../vocab/registry.ts";
import { assertClose } from "../engine/compare.ts";
import { testOnWasm } from "../engine/devices.ts";
import { onRanks } from "../engine/local_communicators.ts";
import { unitRows } from "../losses/check.ts";

const kinds: readonly VocabularyOptions[] = [
  { name: "dynamic", entries: 12, decay: 0.9, match: "massAware" },
  { name: "queue", entries: 12 },
];
const WIDTH = 5;

/** The states of a vocabulary after steps in which each rank brings its part of the targets. */
async function statesAfter(
  device: Device,
  options: VocabularyOptions,
  steps: readonly Float32Array<ArrayBuffer>[],
  communicator: Communicator,
): Promise<number[][]> {
  const { rank, size } = communicator;
  const vocabulary = createVocabulary(options, WIDTH, 3, "test");
  const context = new Context(undefined, {
    communicator,
    synchronizesStatistics: false,
  });
  const count = steps[0].length / size;
  vocabulary.update(input("targets", [count / WIDTH, WIDTH]), context);
  const { assignments } = context;
  const program = await Program.compile(device, { assignments });
  for (const targets of steps) {
    await program.run({
      targets: targets.slice(rank * count, (rank + 1) * count),
    });
  }
  program.destroy();
  const states: number[][] = [];
  for (const { storage } of namedStates(vocabulary).values()) {
    states.push([...await device.read(storage)]);
    device.release(storage);
  }
  return states;
}

for (const options of kinds) {
  testOnWasm(
    `Vocabulary.update: takes in the targets of all processes, the same on all, ${options.name}`,
    async (device) => {
      const steps = [unitRows([6, WIDTH]), unitRows([6, WIDTH])];
      const [first, second] = await onRanks(
        device,
        2,
        (device, communicator) =>
          statesAfter(device, options, steps, communicator),
      );
      assertEquals(first, second);
      const expected = await statesAfter(device, options, steps, alone);
      first.forEach((state, i) =>
        assertClose(state, expected[i], `state ${i}`, 1e-6)
      );
    },
  );
}
