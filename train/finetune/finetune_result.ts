import { z } from "zod";
import type { Accuracy } from "../evaluate/accuracy.ts";
import { type ValidationRecord, validationRecordSchema } from "./validation.ts";

/** The result of a fine-tuning. The accuracy is that on the test images. */
export interface FinetuneResult extends Accuracy {
  /** The step with the best accuracy on held-out images, whose weights classified the test images. */
  readonly step: number;
  /** That accuracy. */
  readonly heldOutAccuracy: number;
  /** Number of training images that it was fitted to. */
  readonly fitted: number;
  /** Number of training images that were held out to choose the step. */
  readonly heldOut: number;
  /** All validations in order. */
  readonly validation: readonly ValidationRecord[];
}

const share = z.number().min(0).max(1);
const count = z.int().min(0);
/** Accepts a {@linkcode FinetuneResult}. */
export const finetuneResultSchema: z.ZodType<FinetuneResult> = z.strictObject({
  accuracy: share,
  standardError: share,
  macroAccuracy: share,
  images: count,
  step: count,
  heldOutAccuracy: share,
  fitted: count,
  heldOut: count,
  validation: z.array(validationRecordSchema),
});
