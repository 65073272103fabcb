/**
 * The kinds of vocabulary, one line each; the name is the one in the options. Each file exports a
 * strict `schema` of its options and `create`.
 */
export * as dynamic from "./dynamic.ts";
export * as queue from "./queue.ts";
