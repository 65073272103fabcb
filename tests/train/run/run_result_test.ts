import { assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../../engine/user_error.ts";
import {
  readRunResult,
  type RunResult,
  writeRunResult,
} from "../../../train/run/run_result.ts";
import { TemporaryFolder } from "../../datasets/temporary_folder.ts";
import { layer } from "../layer_result.ts";

const layers = { a: layer(8, 0.1, 0.5, 0.5) };
const result: RunResult = {
  step: 3,
  metrics: { loss: 1.5 },
  untrained: layers,
  trained: layers,
};

Deno.test("readRunResult: gives what was written, and nothing where there is no file", async () => {
  using folder = new TemporaryFolder();
  const { path } = folder;
  assertEquals(await readRunResult(path), undefined);
  await writeRunResult(path, result);
  assertEquals(await readRunResult(path), result);
  // without labels, and with a number that JSON does not have
  await writeRunResult(path, {
    step: 3,
    metrics: { rank: NaN },
    trained: undefined,
  });
  assertEquals<unknown>(await readRunResult(path), {
    step: 3,
    metrics: { rank: null },
  });
});

Deno.test("readRunResult: reads a file from before there was a digest", async () => {
  using folder = new TemporaryFolder();
  folder.write("result.json", JSON.stringify(result));
  assertEquals(await readRunResult(folder.path), result);
});

Deno.test("readRunResult: refuses a file that was edited or cut short", async () => {
  using folder = new TemporaryFolder();
  const { path } = folder;
  await writeRunResult(path, result);
  const text = await Deno.readTextFile(`${path}/result.json`);
  const edits = [
    text.replace('"accuracy": 0.1', '"accuracy": 0.9'),
    text.replace('"loss": 1.5', '"loss": 0.5'),
    text.replace('"step": 3', '"step": 4'),
    text.slice(0, -20),
    JSON.stringify({ ...result, step: "3" }),
  ];
  for (const edited of edits) {
    folder.write("result.json", edited);
    await assertRejects(
      () => readRunResult(path),
      UserError,
      `${path}/result.json is damaged or was edited; put it back, or delete it and measure again`,
    );
  }
});
