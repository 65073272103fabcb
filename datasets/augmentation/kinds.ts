/** The kinds of augmentation, a line each: an `AugmentationKind` under the `name` in its options. */
export { crop } from "./crop.ts";
export { translate } from "./translate.ts";
