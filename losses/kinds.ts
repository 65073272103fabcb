/**
 * The loss terms, one line each; the name is the one in the options. Each file exports a strict
 * `schema` of its options, with its `weight`, and `compute`.
 */
export * as maskedPatch from "./masked_patch.ts";
