import { squarePlanes } from "../../datasets/resize.ts";
import type { Device } from "../../engine/devices/device.ts";
import { input } from "../../engine/graph/tensor.ts";
import { type DeviceChoice, openDevice } from "../../engine/open_device.ts";
import { Program } from "../../engine/program.ts";
import { Context } from "../../layers/context.ts";
import { buildModel, type BuiltModel } from "../build_model.ts";
import { releaseState, restoreState } from "../run/training_state.ts";
import { CanvasDecoder } from "./canvas_decoder.ts";
import type { EncoderContents, EncoderDescription } from "./encoder_file.ts";
import { allFeatures, DEFAULT_FEATURES } from "./feature_kinds.ts";
import { modelTensors } from "./model_tensors.ts";
import {
  type EncodedPicture,
  isPixels,
  type Picture,
  type PictureDecoder,
} from "./pictures.ts";

/** Where and how an encoder computes. */
export interface PretrainedEncoderOptions {
  /** An open device, which stays open, or which one to open; `auto` by default. */
  readonly device?: Device | DeviceChoice;
  /** Images computed at a time, at least 1; 32 by default. */
  readonly batchSize?: number;
  /** What decodes pictures; a canvas by default, which browsers have. */
  readonly decoder?: PictureDecoder;
}

/** A trained encoder that computes features of pictures, with its running statistics as they are. */
export class PretrainedEncoder implements Disposable {
  readonly #programs = new Map<string, Promise<Program>>();
  /** The computation under way: programs are run one at a time. */
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(
    /** What the file says of the encoder. */
    readonly description: EncoderDescription,
    /** Images computed at a time. */
    readonly batchSize: number,
    /** Where it computes. */
    readonly device: Device,
    private readonly ownsDevice: boolean,
    private readonly built: BuiltModel,
    private readonly decoder: PictureDecoder,
  ) {}

  /**
   * Places an encoder on a device.
   *
   * @param name Names where it comes from in errors.
   * @throws {UserError} if its parts do not fit together, or there is no such device.
   */
  static async open(
    { description, tensors }: EncoderContents,
    name: string,
    options: PretrainedEncoderOptions = {},
  ): Promise<PretrainedEncoder> {
    const {
      device: choice = "auto",
      batchSize = 32,
      decoder = new CanvasDecoder(),
    } = options;
    if (!Number.isSafeInteger(batchSize) || batchSize < 1) {
      throw new RangeError(`batchSize must be at least 1, not ${batchSize}`);
    }
    const built = buildModel(description, description.imageSize);
    const state = modelTensors(built, tensors, name);
    const ownsDevice = typeof choice === "string";
    const device = ownsDevice ? (await openDevice(choice)).device : choice;
    await restoreState(device, built, state);
    return new PretrainedEncoder(
      description,
      batchSize,
      device,
      ownsDevice,
      built,
      decoder,
    );
  }

  /** The kinds of features that it computes; {@linkcode features} says more of them. */
  get kinds(): readonly string[] {
    return Object.keys(this.description.features);
  }

  /**
   * Computes features of pictures of any size: their central squares, resized and cropped as at
   * evaluation.
   *
   * @param kind Which features, one of {@linkcode kinds}: `features` (default), which evaluation
   * compares; `image`, the whole image through the residual network; any other layer by its name in the
   * table of `probe`; or `all` of these side by side.
   * @returns the features of each picture.
   * @throws {UserError} if a picture cannot be read or decoded.
   * @throws {RangeError} if there is no such kind, or a picture's size is not that of its pixels.
   */
  async features(
    pictures: readonly Picture[],
    kind: string = DEFAULT_FEATURES,
  ): Promise<Float32Array[]> {
    const { imageSize } = this.description;
    const encoded = pictures.filter((picture): picture is EncodedPicture =>
      !isPixels(picture)
    );
    const decoded = (await this.decoder.decode(encoded, imageSize)).values();
    const images = new Uint8Array(pictures.length * 3 * imageSize ** 2);
    for (const [i, picture] of pictures.entries()) {
      const planes = isPixels(picture)
        ? squarePlanes(picture, imageSize)
        : decoded.next().value;
      if (planes) images.set(planes, i * planes.length);
    }
    return await this.featuresOfSquares(images, kind);
  }

  /**
   * Computes features of images that are squares of the size in the description already, as data
   * sets give them.
   *
   * @param images `[n, 3, imageSize, imageSize]`: planes red, green, blue.
   * @param kind Which features, one of {@linkcode kinds}.
   * @returns the features of each image.
   * @throws {RangeError} if there is no such kind.
   */
  async featuresOfSquares(
    images: Uint8Array,
    kind: string = DEFAULT_FEATURES,
  ): Promise<Float32Array[]> {
    const result = this.#queue.then(() => this.#compute(images, kind));
    // a failure is for its own caller, not for the next one
    this.#queue = result.catch(() => {});
    return await result;
  }

  /** Frees the encoder's memory, and the device unless it was given open. */
  dispose(): void {
    this.decoder.close();
    if (this.ownsDevice) return this.device.destroy();
    for (const program of this.#programs.values()) {
      program.then((program) => program.destroy(), () => {});
    }
    releaseState(this.device, this.built);
  }

  /** Disposes of the encoder at the end of its scope. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  async #compute(images: Uint8Array, kind: string): Promise<Float32Array[]> {
    const program = await this.#programOf(kind);
    const imageBytes = 3 * this.description.imageSize ** 2;
    const count = images.length / imageBytes;
    const batch = new Uint8Array(this.batchSize * imageBytes);
    const features: Float32Array[] = [];
    for (let start = 0; start < count; start += this.batchSize) {
      const end = Math.min(count, start + this.batchSize);
      // what is left of the batch before fills up the last one
      batch.set(images.subarray(start * imageBytes, end * imageBytes));
      const [values] = await program.evaluate({ images: batch });
      const width = values.length / this.batchSize;
      for (let i = 0; i < end - start; i++) {
        features.push(Float32Array.from(
          values.subarray(i * width, (i + 1) * width),
        ));
      }
    }
    return features;
  }

  /** The program of a kind of features, compiled when it is needed first. */
  #programOf(kind: string): Promise<Program> {
    let program = this.#programs.get(kind);
    if (!program) {
      program = this.#compile(kind);
      this.#programs.set(kind, program);
    }
    return program;
  }

  async #compile(kind: string): Promise<Program> {
    if (!this.kinds.includes(kind)) {
      throw new RangeError(
        `there are no features ${JSON.stringify(kind)}; there are ${
          this.kinds.map((kind) => JSON.stringify(kind)).join(", ")
        }`,
      );
    }
    const { imageSize } = this.description;
    const shape = [this.batchSize, 3, imageSize, imageSize];
    const images = this.built.augmentation.evaluate(
      input("images", shape, "u8"),
    );
    const { model } = this.built;
    const features = allFeatures(model, images, new Context())[kind];
    return await Program.compile(this.device, { outputs: [features] });
  }
}
