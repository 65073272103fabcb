import type { Augmentation } from "../../datasets/augmentation/augmentation.ts";
import type { Device } from "../../engine/devices/device.ts";
import { input } from "../../engine/graph/tensor.ts";
import { Program } from "../../engine/program.ts";
import { Context } from "../../layers/context.ts";
import { type Accuracy, accuracyOf } from "../evaluate/accuracy.ts";
import { imageBatches } from "../evaluate/image_batches.ts";
import type { LabelledImages } from "../evaluate/probe.ts";
import type { Classifier } from "./classifier.ts";

/** Stops a measurement, and receives its progress. */
export interface MeasureOptions {
  /** Stops it between two batches. */
  readonly signal?: AbortSignal;
  /** Called after each batch with the number of images done. */
  readonly onProgress?: (images: number) => void;
}

/** Classifies images as evaluation sees them, with the present parameters of a classifier. */
export class ClassifierProgram {
  private constructor(
    private readonly program: Program,
    private readonly classes: number,
    private readonly batchSize: number,
  ) {}

  /**
   * Compiles the program.
   *
   * @param imageSize Height and width of the stored images in pixels.
   * @param batchSize Images that the device takes at a time.
   * @throws {UserError} if the device cannot hold a batch.
   */
  static async compile(
    device: Device,
    classifier: Classifier,
    augmentation: Augmentation,
    imageSize: number,
    batchSize: number,
  ): Promise<ClassifierProgram> {
    const images = input("images", [batchSize, 3, imageSize, imageSize], "u8");
    const views = augmentation.evaluate(images);
    const scores = classifier.forward(views, new Context());
    const program = await Program.compile(device, { outputs: [scores] });
    return new ClassifierProgram(program, classifier.classes, batchSize);
  }

  /**
   * Classifies images.
   *
   * @throws {UserError} if images cannot be read.
   * @throws The reason of `signal` if it was stopped.
   */
  async measure(
    selection: LabelledImages,
    { signal, onProgress }: MeasureOptions,
  ): Promise<Accuracy> {
    const predictions = new Uint32Array(selection.labels.length);
    const batches = imageBatches(selection, this.batchSize, signal);
    for await (const { start, count, images } of batches) {
      const [scores] = await this.program.evaluate({ images });
      for (let row = 0; row < count; row++) {
        const first = row * this.classes;
        const ofRow = scores.subarray(first, first + this.classes);
        predictions[start + row] = ofRow.indexOf(Math.max(...ofRow));
      }
      onProgress?.(start + count);
    }
    return accuracyOf(predictions, selection.labels);
  }

  /** Frees what belongs to the program alone. */
  destroy(): void {
    this.program.destroy();
  }
}
