import { assert, assertEquals } from "@std/assert";
import type { DeviceLimits } from "../../engine/devices/device.ts";
import { gradient } from "../../engine/graph/gradient.ts";
import type { Plan } from "../../engine/compile/memory.ts";
import { multiply } from "../../engine/ops/elementwise.ts";
import { planProgram } from "../../engine/program.ts";
import { input } from "../../engine/graph/tensor.ts";
import { Context } from "../../layers/context.ts";
import { vocabularyLoss } from "../../losses/vocabulary.ts";
import { DynamicVocabulary } from "../../vocab/dynamic.ts";
import { blocks } from "../../vocab/stream.ts";
import { devices } from "../engine/devices.ts";
import { assertSoundPlan } from "../engine/sound_plan.ts";

/** Sizes of the paper (section 4.1): 1024 masked patches of 256 images, 128 dimensions. */
const [N, WIDTH] = [1024, 128];

/** Match, update, loss and gradient of a vocabulary. */
function planStep(entries: number, limits: DeviceLimits): Plan {
  const vocabulary = new DynamicVocabulary(
    { entries, decay: 0.99, match: "massAware" },
    WIDTH,
    1,
    "test",
  );
  const context = new Context();
  const [u, û] = [
    input("targets", [N, WIDTH]),
    input("predictions", [N, WIDTH]),
  ];
  const targets = multiply(u, 0.9);
  const loss = vocabularyLoss({
    predictions: multiply(û, 0.9),
    targets,
    entries: vocabulary.update(targets, context),
    metrics: vocabulary.metrics(context),
  }, "pairs");
  const definition = {
    outputs: [loss, ...gradient(loss, [û])],
    assignments: context.assignments,
  };
  return planProgram(definition, limits);
}

for (const { kind, limits } of devices) {
  Deno.test(`blocks: on ${kind} the matrix of entries and targets is never stored`, () => {
    const entries = 16384;
    const plan = planStep(entries, limits);
    assertSoundPlan(plan, limits);
    const largest = Math.max(
      ...[...plan.offsets.keys()].map(({ size }) => size),
    );
    assert(
      largest <= entries * WIDTH,
      `a buffer of ${largest} elements for ${entries} entries`,
    );
    // twice the entries need but their vectors more
    const more = plan.arenaBytes - planStep(entries / 2, limits).arenaBytes;
    assert(
      more <= entries / 2 * WIDTH * 4,
      `${more} bytes more for ${entries / 2} entries more`,
    );
    // all of it is less than half of the matrix
    assert(
      plan.arenaBytes < entries * N * 4 / 2,
      `${plan.arenaBytes} bytes of working memory`,
    );
  });
}

Deno.test("blocks: hold every entry once, in order", () => {
  for (const entries of [1, 511, 512, 513, 1024, 1100]) {
    const [vectors, masses] = [input("v", [entries, 7]), input("m", [entries])];
    let next = 0;
    for (const { parts: [v, m], start } of blocks(vectors, masses)) {
      assertEquals(start, next);
      next += v.shape[0];
      assertEquals(v.shape, [next - start, 7]);
      assertEquals(m.shape, [next - start]);
    }
    assertEquals(next, entries);
  }
});
