import { assertEquals, assertRejects } from "@std/assert";
import { MemoryImages } from "../../../datasets/memory_images.ts";
import type { DatasetOptions } from "../../../datasets/registry.ts";
import { UserError } from "../../../engine/user_error.ts";
import type { Cell } from "../../../train/experiment/cells.ts";
import { checkLabels } from "../../../train/experiment/check_labels.ts";
import { tinyConfig } from "../tiny_model.ts";

function cell(row: string, trainSize: number): Cell {
  const data = { name: "synthetic", trainSize, testSize: 2 } as const;
  const config = tinyConfig({ data });
  return { label: row, name: row, row, axes: {}, config };
}

/** Two images; of 7 to train on, say, there are no labels. */
function open(data: DatasetOptions) {
  const isLabelled = "trainSize" in data && data.trainSize !== 7;
  const labels = isLabelled ? Uint32Array.of(0, 1) : undefined;
  const images = new MemoryImages(
    new Uint8Array(2 * 3),
    1,
    labels,
    labels && ["cat", "dog"],
  );
  return Promise.resolve({ unlabelled: images, train: images, test: images });
}

Deno.test("checkLabels: refuses images without labels where something is measured by them", async () => {
  const cells = [cell("a", 4), cell("b", 7)];
  const message =
    'row "b": its images have no labels to measure by; set probe to null and leave out finetune';
  const probe = { train: 2, test: 1 };
  const finetune = { tuned: { steps: 5 } };
  for (const measures of [{ probe, finetune: {} }, { probe: null, finetune }]) {
    await assertRejects(
      () => checkLabels(measures, cells, open),
      UserError,
      message,
    );
    await checkLabels(measures, cells.slice(0, 1), open);
  }
  await checkLabels({ probe: null, finetune: {} }, cells, open);
});

Deno.test("checkLabels: opens each data set once, whatever the row", async () => {
  const opened: DatasetOptions[] = [];
  const cells = [cell("a", 4), cell("b", 4), cell("c", 5)];
  await checkLabels({ probe: { train: 2, test: 1 }, finetune: {} }, cells, (
    data,
  ) => {
    opened.push(data);
    return open(data);
  });
  assertEquals(
    opened,
    [cells[0].config.data, cells[2].config.data],
  );
});
