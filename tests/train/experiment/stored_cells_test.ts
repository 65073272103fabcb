import { assertEquals } from "@std/assert";
import {
  type CellOptions,
  runCell,
} from "../../../train/experiment/run_cell.ts";
import { withStored } from "../../../train/experiment/stored_cells.ts";
import { readProbe, writeProbe } from "../../../train/evaluate/probe_file.ts";
import { TemporaryFolder } from "../../datasets/temporary_folder.ts";
import { devices } from "../../engine/devices.ts";
import { tinyConfig } from "../tiny_model.ts";
import { threeCells } from "./tiny_cell.ts";

const [wasm] = devices;
const cells = threeCells(tinyConfig({
  data: { name: "synthetic", trainSize: 40, testSize: 20 },
  steps: 1,
}));
const [a, b] = cells;
const experiment = {
  probe: { train: 30, test: 10 },
  finetune: { tuned: { steps: 1 } },
} satisfies CellOptions["experiment"];

Deno.test("withStored: adds the cells whose folders hold all results that the experiment asks for, and no others", async () => {
  using folder = new TemporaryFolder();
  const result = await runCell(b, {
    device: wasm,
    path: `${folder.path}/b`,
    experiment,
    signal: new AbortController().signal,
    pretraining: () => ({}),
    probing: {},
    finetuning: () => ({}),
  });
  const failed = { cell: a, result: "no room" };
  const stored = { cell: b, result };
  const take = (changes: Partial<CellOptions["experiment"]> = {}) =>
    withStored(cells, folder.path, { ...experiment, ...changes }, [failed]);
  assertEquals(await take(), [failed, stored]);
  // what this process found has precedence
  const ours = { cell: b, result: "other images" };
  assertEquals(
    await withStored(cells, folder.path, experiment, [ours]),
    [ours],
  );
  assertEquals(
    await take({ probe: null, finetune: {} }),
    [failed, {
      cell: b,
      result: { ...result, layers: undefined, finetuned: {} },
    }],
  );
  const left: Partial<CellOptions["experiment"]>[] = [
    { minutes: 3 },
    { probe: { train: 29, test: 10 } },
    { probe: { train: 30, test: 9 } },
    { finetune: { tuned: { steps: 2 } } },
    { finetune: { ...experiment.finetune, another: { steps: 1 } } },
  ];
  for (const changes of left) assertEquals(await take(changes), [failed]);

  const path = `${folder.path}/b/probe.json`;
  const probe = (await readProbe(path))!;
  const { features: _, ...trained } = probe.trained;
  await writeProbe(path, { ...probe, trained });
  assertEquals(await take(), [failed]);
  await writeProbe(path, { ...probe, step: 2 });
  assertEquals(await take(), [failed]);
  await writeProbe(path, probe);
  assertEquals(await take(), [failed, stored]);
  Deno.removeSync(`${folder.path}/b/checkpoints/step-000001.json`);
  assertEquals(await take(), [failed]);
  // not even pretrained, as far as one can tell
  assertEquals(await take({ probe: null, finetune: {} }), [failed]);
});
