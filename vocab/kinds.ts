/** The kinds of vocabulary, a line each: a `VocabularyKind` under the `name` in its options. */
export { dynamic } from "./dynamic.ts";
export { queue } from "./queue.ts";
