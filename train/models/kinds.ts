/**
 * The pretext models, one line each. Each file exports a strict `schema` of its options, `groups`
 * (how many groups of the encoder it uses) and `create`.
 */
export * as maskedPatchPrediction from "./masked_patch_prediction.ts";
