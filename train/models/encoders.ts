/** The kinds of encoder, one line each. Each file exports a strict `schema` of its options and `create`. */
export * as resnet from "../../layers/resnet.ts";
