import { imageVocabulary } from "../../losses/image_vocabulary.ts";
import { testVocabularyTerm } from "./vocabulary_term.ts";

testVocabularyTerm("imageVocabulary", imageVocabulary);
