import { assert, assertEquals } from "@std/assert";
import { gradient } from "../../engine/graph/gradient.ts";
import { multiply } from "../../engine/ops/elementwise.ts";
import { RandomSource } from "../../engine/ops/random.ts";
import { sum } from "../../engine/ops/reduction.ts";
import { Program } from "../../engine/program.ts";
import { input, Storage, type Tensor } from "../../engine/graph/tensor.ts";
import { AttentionPooling } from "../../layers/attention_pooling.ts";
import { Context } from "../../layers/context.ts";
import { packParameters } from "../../layers/packing.ts";
import { randomArray } from "../random.ts";
import { testOnDevices } from "../engine/devices.ts";
import { checkLayer } from "./check.ts";
import { attentionPooling } from "./naive_attention.ts";

const sizes = { width: 6, layers: 2, heads: 3 };
const options = { ...sizes, feedForward: 7, dropout: 0.2 };
const [N, PATCHES] = [2, 4];
const VISIBLE = Float32Array.of(1, 0, 1, 1, 0, 1, 1, 0);

const visibleTensor = (): Tensor =>
  new Storage("visible", VISIBLE.length, "f32", VISIBLE).tensor([N, PATCHES]);

for (const masked of [false, true]) {
  testOnDevices(
    `AttentionPooling: is its definition for ${
      masked ? "visible" : "all"
    } patches`,
    (device) =>
      checkLayer(device, {
        layer: new AttentionPooling(options),
        shape: [N, PATCHES, sizes.width],
        forward: (pooling, x, context) =>
          pooling.forward(x, context, masked ? visibleTensor() : undefined),
        naive: (x, weights, random) =>
          attentionPooling(x, weights, {
            ...sizes,
            tokens: PATCHES,
            visible: masked ? VISIBLE : undefined,
            dropout: { rate: 0.2, random },
          }),
      }),
  );
}

testOnDevices(
  "AttentionPooling: depends on visible patches alone",
  async (device) => {
    const pooling = new AttentionPooling(options);
    const parameters = packParameters(pooling, 0);
    const values = parameters.storage.initial as Float32Array;
    values.set(randomArray(values.length));
    const x = input("x", [N, PATCHES, sizes.width]);
    const context = new Context(new RandomSource(input("key", [2], "u32")));
    const u = pooling.forward(x, context, visibleTensor());
    const loss = sum(multiply(u, input("weights", u.shape)));
    const program = await Program.compile(device, {
      outputs: [u, ...gradient(loss, [x])],
    });
    const feeds = {
      x: randomArray(x.size),
      weights: randomArray(u.size),
      key: Uint32Array.of(3, 4),
    };
    const isMasked = (i: number) => VISIBLE[Math.floor(i / sizes.width)] === 0;
    const [before, slope] = await program.evaluate(feeds);
    const changed = feeds.x.map((value, i) => isMasked(i) ? 9 - value : value);
    const [after] = await program.evaluate({ ...feeds, x: changed });
    program.destroy();
    device.release(parameters.storage);
    assertEquals(after, before);
    for (let patch = 0; patch < N * PATCHES; patch++) {
      const row = slope.slice(patch * sizes.width, (patch + 1) * sizes.width);
      assert(row.every((value) => value === 0) === (VISIBLE[patch] === 0));
    }
  },
);

Deno.test("AttentionPooling: gives one vector for each image", () => {
  const pooling = new AttentionPooling(options);
  packParameters(pooling, 0);
  const x = input("x", [N, PATCHES, sizes.width]);
  assertEquals(pooling.forward(x, new Context()).shape, [N, sizes.width]);
});
