import { assertEquals } from "@std/assert";
import { z } from "zod";
import { ResNet } from "../../../layers/resnet.ts";
import {
  createPatchNetwork,
  patchOptions,
} from "../../../train/models/patch_options.ts";
import { exchange } from "./tiny_models.ts";

const schema = z.strictObject(patchOptions);
const encoder = new ResNet({ depth: 10, width: 0.0625, stem: "small" });
const transformer = { heads: 2 };

Deno.test("createPatchNetwork: exchanges follow the stages that are named, as wide as their maps", () => {
  const options = schema.parse({ grid: 2, transformer, exchange });
  const { exchanges } = createPatchNetwork(options, encoder, 8);
  assertEquals(exchanges.map((each) => each?.patches), [4, undefined, 4]);
  assertEquals(
    exchanges.map((each) => each?.output.bias.shape),
    [[encoder.channels[1]], undefined, [encoder.channels[3]]],
  );
});

Deno.test("createPatchNetwork: exchanges nothing unless it is asked to", () => {
  const { exchanges } = createPatchNetwork(
    schema.parse({ transformer }),
    encoder,
    8,
  );
  assertEquals(exchanges, [undefined, undefined, undefined]);
});
