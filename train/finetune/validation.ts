import { z } from "zod";
import { UserError } from "../../engine/user_error.ts";
import { loadCheckpoint, saveCheckpoint } from "../run/checkpoint.ts";
import { MetricsFile, readMetrics } from "../run/metrics_file.ts";
import type { RunFolder } from "../run/run_folder.ts";
import type { StoredTensor } from "../run/safetensors_header.ts";

/** How well held-out images were classified after a step. */
export interface ValidationRecord {
  /** Number of steps done. */
  readonly step: number;
  /** Share of the images whose class was predicted, 0 to 1. */
  readonly accuracy: number;
}

/** Accepts a {@linkcode ValidationRecord}. */
export const validationRecordSchema: z.ZodType<ValidationRecord> = z
  .strictObject({
    step: z.int().nonnegative(),
    accuracy: z.number().min(0).max(1),
  });

type Tensors = Readonly<Record<string, StoredTensor>>;

/**
 * How many of the best are kept: where a program dies between two files, the one before the last is
 * still the best that is on record.
 */
const KEEP = 2;

/** The validations of a fine-tuning so far: `validation.jsonl`, and the best weights in `best`. */
export class Validation implements Disposable {
  private constructor(
    private readonly folder: string,
    private readonly file: MetricsFile,
    private readonly kept: ValidationRecord[],
  ) {}

  /**
   * Opens what is on record, without what came after a step.
   *
   * @throws {UserError} if the record is damaged, or files cannot be read or written.
   */
  static async open({ path }: RunFolder, step: number): Promise<Validation> {
    const filePath = `${path}/validation.jsonl`;
    const folder = `${path}/best`;
    const records = await readRecords(filePath);
    return new Validation(
      folder,
      await MetricsFile.open(filePath, step),
      records.filter((record) => record.step <= step),
    );
  }

  /** All validations in order. */
  get records(): readonly ValidationRecord[] {
    return this.kept;
  }

  /** The first of those with the highest accuracy; `undefined` where there is none. */
  get best(): ValidationRecord | undefined {
    return this.kept.reduce<ValidationRecord | undefined>(
      (best, record) =>
        best && best.accuracy >= record.accuracy ? best : record,
      undefined,
    );
  }

  /**
   * Adds a validation, and keeps the weights if it is the best.
   *
   * @param capture Reads the weights.
   * @throws {UserError} if a file cannot be written.
   */
  async add(
    record: ValidationRecord,
    capture: () => Promise<Tensors>,
  ): Promise<void> {
    const { step, accuracy } = record;
    if (!this.best || accuracy > this.best.accuracy) {
      const checkpoint = {
        step,
        tensors: await capture(),
        metadata: { accuracy },
      };
      await saveCheckpoint(this.folder, checkpoint, KEEP);
    }
    await this.file.append({ step, accuracy });
    this.kept.push(record);
  }

  /**
   * The best, and its weights.
   *
   * @throws {UserError} if they cannot be read.
   */
  async loadBest(): Promise<{ record: ValidationRecord; tensors: Tensors }> {
    const record = this.best;
    if (!record) throw new Error("nothing was validated");
    const { tensors } = await loadCheckpoint(this.folder, record.step);
    return { record, tensors };
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.file[Symbol.dispose]();
  }
}

async function readRecords(path: string): Promise<ValidationRecord[]> {
  const result = z.array(validationRecordSchema).safeParse(
    await readMetrics(path),
  );
  if (result.success) return result.data;
  throw new UserError(
    `${path} is damaged or was edited; begin anew in another folder`,
  );
}
