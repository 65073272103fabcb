import { counted } from "../../datasets/counted.ts";
import type { DatasetSplits } from "../../datasets/dataset.ts";
import { printable } from "../../datasets/files/printable.ts";
import type { Config } from "../config/config.ts";

/** Class names that are listed. */
const MAX_NAMES = 5;

/** Says in a line what a run learns from and what it can be tested with. */
export function describeData(
  { data }: Pick<Config, "data">,
  { unlabelled, train, test }: DatasetSplits,
): string {
  const { size, imageSize } = unlabelled;
  const images = `${data.name}, ${
    counted(size, "image")
  } of ${imageSize}x${imageSize}${classesText(train?.classNames)}`;
  if (!train || !test) return `${images}, none labelled to test with`;
  const share = Math.round(100 * test.size / (train.size + test.size));
  return `${images}, ${counted(train.size, "labelled one")} ` +
    `and ${test.size} (${share} %) to test`;
}

/** Such as ` in 3 classes (ant, bee, cat)`. */
function classesText(names: readonly string[] = []): string {
  if (names.length === 0) return "";
  const listed = printable(names.slice(0, MAX_NAMES).join(", "));
  const more = names.length > MAX_NAMES ? ", ..." : "";
  return ` in ${names.length} classes (${listed}${more})`;
}
