import { assertEquals } from "@std/assert";
import * as kinds from "../../../datasets/augmentation/kinds.ts";
import {
  type AugmentationOptions,
  createAugmentation,
} from "../../../datasets/augmentation/registry.ts";
import { oneOf } from "../../../train/config/one_of.ts";

const augmentationSchema = oneOf<AugmentationOptions>(kinds);

Deno.test("kinds: every augmentation is registered under the name in its options", () => {
  for (const [name, { schema }] of Object.entries(kinds)) {
    assertEquals(schema.safeParse({ name }).success, true);
    assertEquals(schema.safeParse({ name: `${name}-2` }).success, false);
    assertEquals(augmentationSchema.parse({ name }).name, name);
  }
});

Deno.test("kinds: the options of an augmentation are strict, and their defaults are filled in", () => {
  assertEquals(augmentationSchema.parse({ name: "crop" }), {
    name: "crop",
    size: 64,
  });
  for (
    const options of [
      { name: "rotate" },
      { name: "translate", size: 32 },
      { name: "crop", size: 7 },
      { name: "crop", size: 32.5 },
      { name: "crop", sise: 32 },
    ]
  ) assertEquals(augmentationSchema.safeParse(options).success, false);
});

Deno.test("createAugmentation: makes what the options describe, which says the size of its result", () => {
  assertEquals(createAugmentation({ name: "translate" }, 32).size, 32);
  assertEquals(createAugmentation({ name: "crop", size: 24 }, 96).size, 24);
});
