import { assertEquals } from "@std/assert";
import { MemoryImages } from "../../../datasets/memory_images.ts";
import { probeImages } from "../../../train/evaluate/probe.ts";

function images(size: number, labels?: Uint32Array): MemoryImages {
  return new MemoryImages(new Uint8Array(size * 3), 1, labels);
}

const labels = Uint32Array.from({ length: 50 }, (_, i) => i);
const all = { train: Infinity, test: Infinity };

Deno.test("probeImages: takes at most the given number of images of each part, with their labels", () => {
  const dataset = images(50, labels);
  const splits = { unlabelled: dataset, train: dataset, test: dataset };
  const few = probeImages(splits, { train: 20, test: 7 })!;
  assertEquals([few.train.labels.length, few.test.labels.length], [20, 7]);
  for (const { positions, labels } of [few.train, few.test]) {
    assertEquals([...labels], [...positions]);
  }
  assertEquals(few, probeImages(splits, { train: 20, test: 7 }));
  assertEquals(probeImages(splits, all)?.test.labels, labels);
});

Deno.test("probeImages: there are none without labels, or with one image to fit to", () => {
  const dataset = images(50, labels);
  const unlabelled = images(50);
  for (
    const parts of [
      {},
      { train: dataset },
      { test: dataset },
      { train: unlabelled, test: dataset },
      { train: dataset, test: unlabelled },
      { train: images(1, Uint32Array.of(3)), test: dataset },
    ]
  ) assertEquals(probeImages({ unlabelled, ...parts }, all), undefined);
});
