import { assertEquals } from "@std/assert";
import { openImages } from "../../../train/cli/open_images.ts";

const synthetic = {
  name: "synthetic",
  trainSize: 4,
  testSize: 2,
  seed: 0,
} as const;

Deno.test("openImages: opens the images that the options name", async () => {
  const { signal } = new AbortController();
  const { train, test } = await openImages(synthetic, signal);
  assertEquals([train?.size, test?.size], [4, 2]);
});

Deno.test("openImages: rejects with the reason of a signal that was there before", async () => {
  const signal = AbortSignal.abort("SIGINT");
  const reason = await openImages(synthetic, signal).catch((error) => error);
  assertEquals(reason, "SIGINT");
});
