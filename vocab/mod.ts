/**
 * The dynamic vocabulary (section 3.5 of the paper), and the queue that it is compared with.
 *
 * @module
 */
export {
  Vocabulary,
  type VocabularyEntries,
  type VocabularyKind,
} from "./vocabulary.ts";
export { createVocabulary, type VocabularyOptions } from "./registry.ts";
export { DynamicVocabulary, type DynamicVocabularyOptions } from "./dynamic.ts";
export { Queue, type QueueOptions } from "./queue.ts";
export { type Match, matchEntries } from "./match.ts";
