import { z } from "zod";
import { UserError } from "../engine/user_error.ts";
import type {
  DatasetKind,
  DatasetSplits,
  ProgressListener,
} from "./dataset.ts";
import { type Archive, discardArchive, downloadArchive } from "./download.ts";
import { findFolder } from "./files/folders.ts";
import { readBytes } from "./files/read_file.ts";
import { countRecords, readLinesIfPresent } from "./files/records.ts";
import { type Fingerprint, fingerprintFiles } from "./fingerprint.ts";
import { MemoryImages } from "./memory_images.ts";
import { pathSetting } from "./path_setting.ts";

const IMAGE_SIZE = 32;
const IMAGE_BYTES = 3 * IMAGE_SIZE * IMAGE_SIZE;
const RECORD_BYTES = 1 + IMAGE_BYTES;
const OFFICIAL_FOLDER = "cifar-10-batches-bin";
const TRAIN_FILES = [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`);
const TEST_FILE = "test_batch.bin";

const ARCHIVE: Archive = {
  url: "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
  md5: "c32a1d4ab5d03f1284b67883e8d87530",
};

const CLASS_NAMES = [
  "airplane",
  "automobile",
  "bird",
  "cat",
  "deer",
  "dog",
  "frog",
  "horse",
  "ship",
  "truck",
];

/** Which CIFAR-10 to open. */
export interface Cifar10Options {
  /** Selects this data set. */
  readonly name: "cifar10";
  /** Folder with the `.bin` files of the binary version, or with its folder `cifar-10-batches-bin`. */
  readonly path: string;
}

/** CIFAR-10 (Krizhevsky 2009): 32x32 images of 10 classes. */
export const cifar10: DatasetKind<Cifar10Options> = {
  schema: z.strictObject({
    name: z.literal("cifar10"),
    path: pathSetting.default("data/cifar10"),
  }),
  imageSize: () => IMAGE_SIZE,
  open,
  fingerprint,
  download,
};

/**
 * Opens CIFAR-10 (Krizhevsky 2009), 32x32 images of 10 classes: all there is of
 * `data_batch_*.bin`, also as the unlabelled images, and of `test_batch.bin`. What is missing is
 * reported on stderr.
 *
 * @throws {UserError} When files are missing, cut short, out of reach or hold unknown labels.
 */
async function open(options: Cifar10Options): Promise<DatasetSplits> {
  const { folder, names, trainFiles } = await findFiles(options);
  const missing = [...TRAIN_FILES, TEST_FILE]
    .filter((name) => !names.includes(name));
  if (missing.length > 0) {
    console.warn(
      `data: ${folder} is not all of CIFAR-10: it lacks ${missing.join(", ")}`,
    );
  }
  const classNames = await readLinesIfPresent(`${folder}/batches.meta.txt`) ??
    CLASS_NAMES;
  const train = await readRecords(folder, trainFiles, classNames);
  const test = names.includes(TEST_FILE)
    ? await readRecords(folder, [TEST_FILE], classNames)
    : undefined;
  return { unlabelled: train, train, test };
}

async function fingerprint(options: Cifar10Options): Promise<Fingerprint> {
  const { folder, names, trainFiles } = await findFiles(options);
  const testFiles = names.filter((name) => name === TEST_FILE);
  return await fingerprintFiles(folder, trainFiles, testFiles);
}

/** The folder of the files, and the names of those to train on, which must be there. */
async function findFiles({ path }: Cifar10Options) {
  const { folder, names } = await findFolder(path, OFFICIAL_FOLDER);
  const trainFiles = names.filter(isTrainFile);
  if (trainFiles.length > 0) return { folder, names, trainFiles };
  throw new UserError(
    `there is no CIFAR-10 (data_batch_*.bin of its binary version) in ${path}; ` +
      `give its path as data.path, or fetch it with --download`,
  );
}

/**
 * Fetches CIFAR-10 (163 MiB) into the folder unless there are training files in it.
 *
 * @throws {UserError} As {@linkcode downloadArchive}.
 */
async function download(
  options: Cifar10Options,
  onProgress: ProgressListener,
): Promise<void> {
  const { names } = await findFolder(options.path, OFFICIAL_FOLDER);
  if (names.some(isTrainFile)) {
    return await discardArchive(ARCHIVE, options.path);
  }
  await downloadArchive(ARCHIVE, options.path, OFFICIAL_FOLDER, onProgress);
}

function isTrainFile(name: string): boolean {
  return /^data_batch_.*\.bin$/.test(name);
}

/** Reads files of records, each one byte of label and the image as `[3, 32, 32]`. */
async function readRecords(
  folder: string,
  names: readonly string[],
  classNames: readonly string[],
): Promise<MemoryImages> {
  const paths = names.map((name) => `${folder}/${name}`);
  const counts = await Promise.all(
    paths.map((path) => countRecords(path, RECORD_BYTES)),
  );
  const size = counts.reduce((sum, count) => sum + count, 0);
  const pixels = new Uint8Array(size * IMAGE_BYTES);
  const labels = new Uint32Array(size);
  let image = 0;
  for (const [i, path] of paths.entries()) {
    const records = await readBytes(path);
    for (let record = 0; record < counts[i]; record++, image++) {
      const start = record * RECORD_BYTES;
      const label = records[start];
      if (label >= classNames.length) {
        throw new UserError(
          `${path} is damaged or not CIFAR-10: record ${record} has the label ${label}, ` +
            `but there are ${classNames.length} classes; replace it`,
        );
      }
      labels[image] = label;
      pixels.set(
        records.subarray(start + 1, start + RECORD_BYTES),
        image * IMAGE_BYTES,
      );
    }
  }
  return new MemoryImages(pixels, IMAGE_SIZE, labels, classNames);
}
