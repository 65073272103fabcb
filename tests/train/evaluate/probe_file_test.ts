import { assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../../engine/user_error.ts";
import type { LayerResult } from "../../../train/evaluate/probe.ts";
import {
  type ProbeResults,
  readProbe,
  writeProbe,
} from "../../../train/evaluate/probe_file.ts";
import { TemporaryFolder } from "../../datasets/temporary_folder.ts";

const layer: LayerResult = {
  width: 8,
  linear: {
    accuracy: 0.5,
    standardError: 0.05,
    macroAccuracy: 0.4,
    images: 100,
    penalty: 0.01,
    heldOutAccuracy: 0.6,
    fitted: 90,
    heldOut: 10,
  },
  neighbours: {
    accuracy: 0.3,
    standardError: 0.04,
    macroAccuracy: 0.2,
    images: 100,
    neighbours: 20,
    bank: 1000,
    temperature: 0.1,
  },
};
const results: ProbeResults = {
  step: 7,
  source: "abc",
  untrained: { "patch res1": layer, Î: layer },
  trained: { "patch res1": layer },
};

Deno.test("readProbe: gives what was written, and nothing where there is no file", async () => {
  using folder = new TemporaryFolder();
  const path = `${folder.path}/probe.json`;
  assertEquals(await readProbe(path), undefined);
  await writeProbe(path, results);
  assertEquals(await readProbe(path), results);
  // the order of properties is not among what may be edited
  const { step, ...others } = results;
  await writeProbe(path, { ...others, step });
  assertEquals(await readProbe(path), results);
});

Deno.test("readProbe: reads a file from before the temperature was recorded", async () => {
  using folder = new TemporaryFolder();
  const { temperature: _, ...neighbours } = layer.neighbours;
  const earlier = {
    step: 7,
    source: "abc",
    untrained: { a: { ...layer, neighbours } },
    trained: {},
  };
  // what was written then
  const digest =
    "97e2ec13c8aa1ce6d67a74a6f02291421c625c7ebf20f216a43936ccbf370022";
  folder.write("probe.json", JSON.stringify({ ...earlier, digest }));
  assertEquals(await readProbe(`${folder.path}/probe.json`), earlier);
});

Deno.test("readProbe: refuses a file that was edited, cut short or is none of ours", async () => {
  using folder = new TemporaryFolder();
  const path = `${folder.path}/probe.json`;
  await writeProbe(path, results);
  const text = await Deno.readTextFile(path);
  for (
    const edited of [
      text.replace("0.5", "0.9"),
      text.replace('"accuracy": 0.5,', ""),
      text.replace('"step": 7', '"step": "7"'),
      text.slice(0, -20),
      "{}",
      "[]",
      "",
    ]
  ) {
    await Deno.writeTextFile(path, edited);
    await assertRejects(
      () => readProbe(path),
      UserError,
      "probe.json is damaged or was edited; put it back, or delete it",
    );
  }
});
