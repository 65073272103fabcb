/** Our own contender: what this project does with a piece of work. */
import type { Device } from "../engine/devices/device.ts";
import {
  attentionStep,
  convolutionPass,
  layerStep,
  product,
} from "./ours/operations.ts";
import { replayed } from "./ours/replay.ts";
import { trainingContender } from "./ours/training.ts";
import { vocabularyContender } from "./ours/vocabulary.ts";
import type { Contender, Work } from "./work.ts";

/** Compiles a piece of work for a device. */
export function prepareOurs(device: Device, work: Work): Promise<Contender> {
  switch (work.kind) {
    case "matmul":
      return replayed(device, { outputs: [product(work)] });
    case "convolution":
      return replayed(device, { outputs: [convolutionPass(work)] });
    case "attention":
      return replayed(device, { outputs: attentionStep(work) });
    case "layerStep":
      return layerStep(device, work);
    case "vocabulary":
      return vocabularyContender(device, work);
    case "training":
      return trainingContender(device, work);
  }
}
