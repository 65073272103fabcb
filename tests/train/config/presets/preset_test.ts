import { assertEquals } from "@std/assert";
import { completeConfig } from "../../../../train/config/config.ts";
import { compose } from "../../../../train/config/presets/preset.ts";
import { presets } from "../../../../train/config/presets/mod.ts";
import { allp, dv2 } from "../../../../train/config/presets/methods.ts";
import { paperStl10, tiny } from "../../../../train/config/presets/sizes.ts";

Deno.test("compose: a size gives settings to those parts alone that a model has", () => {
  assertEquals(compose(allp, tiny).config.model, {
    name: "allp",
    transformer: { layers: 2, heads: 8, feedForward: 256 },
  });
  const { config, description } = compose(dv2, tiny, { views: 2 });
  const { model, views, steps } = completeConfig(config);
  assertEquals([views, steps, model.exchange?.width], [2, 200, 128]);
  assertEquals(description, "DV², small, on synthetic images");
});

Deno.test("compose: at the paper's sizes a part has the defaults", () => {
  const { model, steps } = completeConfig(compose(dv2, paperStl10).config);
  assertEquals([model.transformer.heads, model.exchange?.width], [32, 512]);
  assertEquals(steps, 100_000);
});

Deno.test("presets: each method at each size, its name and description its own", () => {
  const names = Object.keys(presets);
  for (const method of ["baseline", "dv2", "selfie", "allp", "allp-exchange"]) {
    for (const size of ["", "-cifar10", "-tiny"]) {
      assertEquals(names.includes(method + size), true, method + size);
    }
  }
  const descriptions = new Set(
    Object.values(presets).map(({ description }) => description),
  );
  assertEquals(descriptions.size, names.length);
});
