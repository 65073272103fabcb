import { assert, assertEquals } from "@std/assert";
import { loadImageMagick } from "../../../datasets/load_image_magick.ts";
import { examine } from "../../../train/report/examine.ts";
import { vocabularySection } from "../../../train/report/vocabulary.ts";
import { DynamicVocabulary } from "../../../vocab/dynamic.ts";
import { namedInstances } from "../../../layers/module.ts";
import { tinyConfig } from "../tiny_model.ts";
import { testOnWasm } from "../../engine/devices.ts";
import { configs, randomSplits, withRun } from "./runs.ts";

await loadImageMagick();

testOnWasm(
  "vocabulary: shows the heaviest and the lightest entries with the masked patches nearest to each",
  (device) =>
    withRun(device, configs.full, async ({ loaded }) => {
      const examined = await examine(device, loaded, randomSplits(7), {
        images: 7,
      });
      const vocabulary = namedInstances(loaded.model, DynamicVocabulary)
        .get("patchVocabulary")!;
      const masses = await device.read(vocabulary.masses.storage);
      const vectors = await device.read(vocabulary.vectors.storage);
      const order = [...masses.keys()].sort((a, b) => masses[b] - masses[a]);
      const section = await vocabularySection(device, loaded, examined);
      const rows = [...section!.body!.markup.matchAll(
        /scope="row">(\d+)<.*?class="number">([^<]*)<(.*?)<\/tr>/gs,
      )];
      const expected = [...order.slice(0, 5), ...order.slice(-5)];
      assertEquals(rows.map(([, entry]) => Number(entry) - 1), expected);
      const { candidates, locations, width } = examined.masked!;
      for (const [, name, mass, cells] of rows) {
        const entry = Number(name) - 1;
        assert(Math.abs(Number(mass) - masses[entry]) < 1e-3 * masses[entry]);
        const nearest = locations.flatMap((own, picture) =>
          own.map((location) => ({
            name: `patch ${location + 1} of picture ${picture + 1}`,
            cosine: Array.from(
              { length: width },
              (_, i) =>
                vectors[entry * width + i] *
                candidates[(picture * 4 + location) * width + i],
            ).reduce((sum, product) => sum + product),
          }))
        ).sort((a, b) => b.cosine - a.cosine);
        assertEquals(
          [...cells.matchAll(/alt="([^"]*)"/g)].map(([, alt]) => alt),
          nearest.map(({ name }) => name),
        );
        assertEquals(
          [...cells.matchAll(/<figcaption>([^<]*)/g)].map(([, shown]) => shown),
          nearest.map(({ cosine }) => cosine.toFixed(2)),
        );
      }
    }),
);

for (const vocabulary of [null, { name: "queue", entries: 48 }]) {
  const name = vocabulary?.name ?? "no vocabulary";
  testOnWasm(`vocabulary: with ${name} there is nothing to show`, (device) => {
    const { model, losses } = tinyConfig();
    const config = tinyConfig({ model: { ...model, vocabulary }, losses });
    return withRun(device, config, async ({ loaded }) => {
      const examined = await examine(device, loaded, randomSplits(2), {
        images: 2,
      });
      assertEquals(
        await vocabularySection(device, loaded, examined),
        undefined,
      );
    });
  });
}
