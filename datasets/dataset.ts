import type { z } from "zod";
import type { Fingerprint } from "./fingerprint.ts";

/** A set of square RGB images of one size, read as bytes, with or without labels. */
export interface ImageDataset {
  /** Number of images. */
  readonly size: number;
  /** Height and width in pixels. */
  readonly imageSize: number;
  /** Class of each image, an index into {@linkcode classNames}; absent where there are no labels. */
  readonly labels?: Uint32Array;
  /** Names of the classes; absent where there are no labels. */
  readonly classNames?: readonly string[];
  /**
   * Reads the images at `indices` as bytes.
   *
   * @returns `[indices.length, 3, imageSize, imageSize]`: planes red, green, blue, each row-major.
   */
  read(indices: ArrayLike<number>): Promise<Uint8Array<ArrayBuffer>>;
  /** Releases open files and workers. */
  close(): void;
}

/** The parts of a data set that training and evaluation use. */
export interface DatasetSplits {
  /** Images to pretrain on; labels, if any, are not looked at. */
  readonly unlabelled: ImageDataset;
  /** Labelled images for the neighbours' bank and for classifiers; absent where there are none. */
  readonly train?: ImageDataset;
  /** Labelled images to be classified; absent where there are none. */
  readonly test?: ImageDataset;
}

/** How far a download has come. */
export interface DownloadProgress {
  /** What is being done; a download goes through the three in this order. */
  readonly stage: "downloading" | "checking" | "unpacking";
  /** Bytes of the archive dealt with so far. */
  readonly done: number;
  /** Bytes of the whole archive; absent where the server does not say. */
  readonly total?: number;
}

/** Called with the progress of a download, many times a second. */
export type ProgressListener = (progress: DownloadProgress) => void;

/** How a data set is opened. */
export interface OpenOptions {
  /**
   * Folder that pictures are kept in as they are decoded, made where it does not exist, so that the
   * next opening is immediate; without it they are decoded at every opening.
   */
  readonly cache?: string;
  /** Called with the number of pictures decoded so far, of those that have to be; not called if none has to be. */
  readonly onDecoded?: (done: number, total: number) => void;
  /** Called where files have changed with the number of files looked up so far in the earlier cache, now and then. */
  readonly onLookedUp?: (done: number, total: number) => void;
}

/** A kind of data set, as its file exports it. */
export interface DatasetKind<Options> {
  /**
   * Accepts its options.
   *
   * @internal
   */
  readonly schema: z.ZodType<Options>;
  /** Height and width of its images in pixels, without looking at them. */
  imageSize(options: Options): number;
  /**
   * Opens a data set that is on this machine.
   *
   * @throws {UserError} It is missing, damaged or cannot be read.
   */
  open(options: Options, how?: OpenOptions): Promise<DatasetSplits>;
  /**
   * Identifies the images without opening them; absent where the options do.
   *
   * @throws {UserError} They are missing or cannot be read.
   */
  fingerprint?(options: Options): Promise<Fingerprint>;
  /**
   * Fetches the data set unless it is there; absent where there is nothing to fetch.
   *
   * @throws {UserError} The server is out of reach, or the files cannot be written.
   */
  download?(options: Options, onProgress: ProgressListener): Promise<void>;
}
