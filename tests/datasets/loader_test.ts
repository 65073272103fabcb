import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import type { ImageDataset } from "../../datasets/dataset.ts";
import { letSignalsThrough } from "../../datasets/let_signals_through.ts";
import { BatchLoader, type BatchLoaderOptions } from "../../datasets/loader.ts";
import { MemoryImages } from "../../datasets/memory_images.ts";
import { randomBytes, randomWord, testWithSeed } from "../random.ts";

const [seed, otherSeed] = [randomWord(), randomWord()];

function randomImages(count: number): MemoryImages {
  return new MemoryImages(randomBytes(count * 12), 2);
}

async function take(
  dataset: ImageDataset,
  count: number,
  options: BatchLoaderOptions,
) {
  const loader = new BatchLoader(dataset, options);
  const batches = [];
  for await (const batch of loader) {
    batches.push(batch);
    if (batches.length === count) break;
  }
  return batches;
}

/** The first `count` positions that a loader visits. */
async function visited(
  dataset: ImageDataset,
  count: number,
  options: BatchLoaderOptions,
) {
  const batches = await take(
    dataset,
    Math.ceil(count / options.batchSize),
    options,
  );
  return batches.flatMap(({ indices }) => [...indices]).slice(0, count);
}

testWithSeed(
  "BatchLoader: batches carry their step and the images at their indices",
  async () => {
    const dataset = randomImages(10);
    for (
      const [step, batch] of (await take(dataset, 5, { batchSize: 4, seed }))
        .entries()
    ) {
      assertEquals(batch.step, step);
      assertEquals(batch.images, await dataset.read(batch.indices));
    }
  },
);

testWithSeed(
  "BatchLoader: every epoch visits each image once, in an order of its own",
  async () => {
    const order = await visited(randomImages(50), 150, { batchSize: 7, seed });
    const epochs = [order.slice(0, 50), order.slice(50, 100), order.slice(100)];
    const all = Array.from({ length: 50 }, (_, i) => i);
    for (const epoch of epochs) {
      assertEquals(epoch.toSorted((a, b) => a - b), all);
    }
    assertNotEquals(epochs[0], all);
    assertNotEquals(epochs[0], epochs[1]);
    assertNotEquals(epochs[1], epochs[2]);
  },
);

testWithSeed(
  "BatchLoader: the sequence of images depends on the seed but not on the size of a batch",
  async () => {
    const dataset = randomImages(20);
    const order = await visited(dataset, 60, { batchSize: 6, seed });
    assertEquals(await visited(dataset, 60, { batchSize: 9, seed }), order);
    assertNotEquals(
      await visited(dataset, 60, { batchSize: 6, seed: otherSeed }),
      order,
    );
  },
);

testWithSeed(
  "BatchLoader: a data set smaller than a batch repeats within it",
  async () => {
    const [batch] = await take(randomImages(3), 1, { batchSize: 8, seed });
    const epochs = [batch.indices.slice(0, 3), batch.indices.slice(3, 6)];
    for (const epoch of epochs) {
      assertEquals(epoch.sort(), Uint32Array.of(0, 1, 2));
    }
  },
);

testWithSeed(
  "BatchLoader: a loader that starts at a step goes on as one that was there",
  async () => {
    const dataset = randomImages(11);
    const whole = await take(dataset, 9, { batchSize: 5, seed });
    const rest = await take(dataset, 4, { batchSize: 5, seed, startStep: 5 });
    assertEquals(rest, whole.slice(5));
  },
);

testWithSeed(
  "BatchLoader: a loader keeps as many reads going as it is asked to, and none after it is closed",
  async () => {
    const images = randomImages(4);
    let reads = 0;
    const counting: ImageDataset = {
      size: images.size,
      imageSize: images.imageSize,
      read(indices) {
        reads++;
        return images.read(indices);
      },
      close() {},
    };
    const loader = new BatchLoader(counting, {
      batchSize: 2,
      seed,
      prefetch: 3,
    });
    assertEquals(reads, 3);
    await loader.next();
    assertEquals(reads, 4);
    await loader.close();
    assertEquals(await loader.next(), { done: true, value: undefined });
    assertEquals(reads, 4);
  },
);

testWithSeed(
  "BatchLoader: where a loop is left the reads under way are waited for",
  async () => {
    const images = randomImages(4);
    let underWay = 0;
    const slow: ImageDataset = {
      size: images.size,
      imageSize: images.imageSize,
      async read(indices) {
        underWay++;
        await letSignalsThrough();
        underWay--;
        return await images.read(indices);
      },
      close() {},
    };
    const loader = new BatchLoader(slow, { batchSize: 2, seed });
    await loader.return();
    assertEquals(underWay, 0);
  },
);

testWithSeed("BatchLoader: a failed read is reported at its step", async () => {
  const images = randomImages(4);
  let reads = 0;
  const failing: ImageDataset = {
    size: images.size,
    imageSize: images.imageSize,
    read: (indices) =>
      reads++ === 1
        ? Promise.reject(new Error("disk on fire"))
        : images.read(indices),
    close() {},
  };
  const loader = new BatchLoader(failing, { batchSize: 2, seed });
  await loader.next();
  await assertRejects(() => loader.next(), Error, "disk on fire");
  await loader.close();
});

testWithSeed("BatchLoader: parts share each step of one order", async () => {
  const images = randomImages(10);
  const whole = await take(images, 4, { batchSize: 6, seed });
  const parts = await Promise.all(
    [0, 1, 2].map((rank) =>
      take(images, 4, { batchSize: 2, seed, part: { rank, size: 3 } })
    ),
  );
  assertEquals(
    whole.map((_, step) => parts.flatMap((part) => [...part[step].indices])),
    whole.map(({ indices }) => [...indices]),
  );
});
