import type { DatasetSplits } from "../../datasets/dataset.ts";
import type { Config } from "../config/config.ts";

/** Names of classes that are told. */
const NAMES_TOLD = 5;

/** Says in a line what a run learns from, and what there is to test it with. */
export function describeData(
  { data }: Pick<Config, "data">,
  { unlabelled, train, test }: DatasetSplits,
): string {
  const { size, imageSize } = unlabelled;
  const images = `${data.name}, ${size} images of ${imageSize}x${imageSize}`;
  if (!train || !test) return `${images}, no labelled ones to test`;
  const share = Math.round(100 * test.size / (train.size + test.size));
  return `${images}${
    classesText(train.classNames)
  }, ${train.size} labelled ones ` +
    `and ${test.size} (${share} %) to test`;
}

/** Such as ` in 3 classes (ant, bee, cat)`. */
function classesText(names: readonly string[] = []): string {
  if (names.length === 0) return "";
  const told = names.slice(0, NAMES_TOLD).join(", ");
  const more = names.length > NAMES_TOLD ? ", ..." : "";
  return ` in ${names.length} classes (${told}${more})`;
}
