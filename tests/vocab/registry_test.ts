import { assert, assertEquals } from "@std/assert";
import { namedStates } from "../../layers/module.ts";
import { DynamicVocabulary } from "../../vocab/dynamic.ts";
import * as kinds from "../../vocab/kinds.ts";
import { Queue } from "../../vocab/queue.ts";
import { createVocabulary, mostInUse } from "../../vocab/registry.ts";

Deno.test("createVocabulary: makes the kind that its options name, by the paper's defaults", () => {
  const classes = { dynamic: DynamicVocabulary, queue: Queue };
  for (const name of ["dynamic", "queue"] as const) {
    const options = kinds[name].schema.parse({ name });
    assertEquals(options.entries, 16384);
    const vocabulary = createVocabulary(
      { ...options, entries: 5 },
      3,
      1,
      "of patches",
    );
    assert(vocabulary instanceof classes[name]);
    const { vectors } = Object.fromEntries(namedStates(vocabulary));
    assertEquals(vectors.shape, [5, 3]);
    assertEquals(vectors.storage.name, "of patches vectors");
  }
  assertEquals(Object.keys(kinds), Object.keys(classes));
});

Deno.test("mostInUse: all entries, or the targets that masses remember; unknown where there are no masses", () => {
  const dynamic = (entries: number) =>
    kinds.dynamic.schema.parse({ name: "dynamic", entries, decay: 0.75 });
  assertEquals(mostInUse(dynamic(1000), 8), 32);
  assertEquals(mostInUse(dynamic(20), 8), 20);
  const queue = kinds.queue.schema.parse({ name: "queue" });
  assertEquals(mostInUse(queue, 8), undefined);
});

Deno.test("vocabulary kinds: refuse what they cannot work with", () => {
  const accepts = (options: { readonly name: keyof typeof kinds }) =>
    kinds[options.name].schema.safeParse(options).success;
  assert(accepts({ name: "dynamic", ...{ decay: 0.5, entries: 1 } }));
  for (
    const options of [
      { decay: 0 },
      { decay: 1 },
      { entries: 0 },
      { entries: 1.5 },
      { match: "other" },
      { unknown: 1 },
    ]
  ) {
    assert(!accepts({ name: "dynamic", ...options }), JSON.stringify(options));
  }
  assert(!accepts({ name: "queue", ...{ entries: 0 } }));
  assert(!accepts({ name: "queue", ...{ decay: 0.5 } }));
});
