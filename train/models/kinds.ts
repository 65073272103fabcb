/**
 * The pretext models, one line each; the name is the one in the options. Each file exports a strict
 * `schema` of its options, `stagesOf` (how many groups of the encoder it uses) and `create`.
 */
export * as maskedPatchPrediction from "./masked_patch_prediction.ts";
export * as selfie from "./selfie.ts";
export * as allp from "./allp.ts";
