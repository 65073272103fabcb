/**
 * The kinds of augmentation, one line each; the name is the one in the options. Each file exports
 * a strict `schema` of its options and `create`.
 */
export * as crop from "./crop.ts";
export * as translate from "./translate.ts";
