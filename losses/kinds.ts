/** The loss terms, a line each: a `LossTerm` under its name in the settings and in the outputs of models. */
export { maskedPatch } from "./masked_patch.ts";
export { image } from "./image.ts";
export { patchVocabulary } from "./patch_vocabulary.ts";
export { imageVocabulary } from "./image_vocabulary.ts";
export { selfie } from "./selfie.ts";
export { allp } from "./allp.ts";
