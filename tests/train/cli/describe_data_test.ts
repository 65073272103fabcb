import { assertEquals } from "@std/assert";
import { MemoryImages } from "../../../datasets/memory_images.ts";
import { describeData } from "../../../train/cli/describe_data.ts";
import { tinyConfig } from "../tiny_model.ts";

const config = tinyConfig({ data: { name: "folder", path: "pictures" } });

function images(size: number, classNames?: string[]): MemoryImages {
  const labels = classNames && new Uint32Array(size);
  return new MemoryImages(new Uint8Array(3 * 4 * size), 2, labels, classNames);
}

Deno.test("describeData: names the classes, the first ones if there are many, and the share to test with", () => {
  const three = ["ant", "bee", "cat"];
  assertEquals(
    describeData(config, {
      unlabelled: images(12),
      train: images(8, three),
      test: images(2, three),
    }),
    "folder, 12 images of 2x2 in 3 classes (ant, bee, cat), 8 labelled ones and 2 (20 %) to test",
  );
  const many = Array.from({ length: 300 }, (_, i) => `c${i}`);
  assertEquals(
    describeData(config, {
      unlabelled: images(9),
      train: images(9, many),
      test: images(9, many),
    }),
    "folder, 9 images of 2x2 in 300 classes (c0, c1, c2, c3, c4, ...), 9 labelled ones and 9 (50 %) to test",
  );
  assertEquals(
    describeData(config, { unlabelled: images(1) }),
    "folder, 1 image of 2x2, none labelled to test with",
  );
});

Deno.test("describeData: names the classes as they can be printed, also where there is nothing to test with", () => {
  const two = ["ant\n", "bee"];
  assertEquals(
    describeData(config, { unlabelled: images(2), train: images(2, two) }),
    String
      .raw`folder, 2 images of 2x2 in 2 classes (ant\x0a, bee), none labelled to test with`,
  );
});
