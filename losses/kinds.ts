/**
 * The loss terms, one line each; the name is the one in the options. Each file exports a strict
 * `schema` of its options, with its `weight`, what it `needs` of a model, and `compute`.
 */
export * as maskedPatch from "./masked_patch.ts";
export * as image from "./image.ts";
export * as patchVocabulary from "./patch_vocabulary.ts";
export * as imageVocabulary from "./image_vocabulary.ts";
export * as selfie from "./selfie.ts";
export * as allp from "./allp.ts";
