import { assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../../engine/user_error.ts";
import { writeProbe } from "../../../train/evaluate/probe_file.ts";
import { readLayerResults } from "../../../train/report/layer_results.ts";
import { TemporaryFolder } from "../../datasets/temporary_folder.ts";
import { layer } from "../layer_result.ts";

function layers(accuracy: number) {
  const results = { a: layer(8, accuracy, 0.5, 0.5) };
  return { untrained: results, trained: results };
}

Deno.test("readLayerResults: prefers what was measured with all images, of the step and of all layers", async () => {
  using folder = new TemporaryFolder();
  const { path } = folder;
  const accuracyAt = async (step: number) =>
    (await readLayerResults(path, step))?.trained.a.linear.accuracy;
  assertEquals(await accuracyAt(3), undefined);
  folder.write("result.json", JSON.stringify({ step: 3, metrics: {} }));
  assertEquals(await accuracyAt(3), undefined);
  folder.write(
    "result.json",
    JSON.stringify({ step: 3, metrics: { loss: 1 }, ...layers(0.1) }),
  );
  assertEquals([await accuracyAt(3), await accuracyAt(2)], [0.1, undefined]);
  // one that was stopped before the trained encoder
  const part = { step: 3, source: "", ...layers(0.2), trained: {} };
  await writeProbe(`${path}/probe.json`, part);
  assertEquals(await accuracyAt(3), 0.1);
  // and one within it
  const { untrained } = layers(0.2);
  const within = {
    ...layers(0.2),
    untrained: { ...untrained, b: untrained.a },
  };
  await writeProbe(`${path}/probe.json`, { ...part, ...within });
  assertEquals(await accuracyAt(3), 0.1);
  await writeProbe(`${path}/probe.json`, { ...part, ...layers(0.3) });
  assertEquals(await accuracyAt(3), 0.3);
  const earlier = { step: 2, source: "", ...layers(0.4) };
  await writeProbe(`${path}/probe-step-2.json`, earlier);
  assertEquals([await accuracyAt(2), await accuracyAt(3)], [0.4, 0.3]);
});

Deno.test("readLayerResults: refuses a file that is not as it was written", async () => {
  using folder = new TemporaryFolder();
  const { path } = folder;
  const edited = { step: 3, ...layers(0.5) };
  edited.trained.a = layer(8, 1.5, 0.5, 0.5);
  for (const text of ["", "{", "[]", '{"step": "3"}', JSON.stringify(edited)]) {
    folder.write("result.json", text);
    await assertRejects(
      () => readLayerResults(path, 3),
      UserError,
      "result.json is damaged or was edited; put it back, or delete it and measure again",
    );
  }
  folder.write("probe.json", "{}");
  await assertRejects(
    () => readLayerResults(path, 3),
    UserError,
    "probe.json is damaged or was edited",
  );
});
