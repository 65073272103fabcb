import { patchVocabulary } from "../../losses/patch_vocabulary.ts";
import { testVocabularyTerm } from "./vocabulary_term.ts";

testVocabularyTerm("patchVocabulary", patchVocabulary);
