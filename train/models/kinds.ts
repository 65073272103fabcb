/** The pretext models, a line each: a `PretextKind` under the `name` in its options. */
export { maskedPatchPrediction } from "./masked_patch_prediction.ts";
export { selfie } from "./selfie.ts";
export { allp } from "./allp.ts";
