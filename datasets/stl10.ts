import { z } from "zod";
import { UserError } from "../engine/user_error.ts";
import type {
  DatasetKind,
  DatasetSplits,
  ImageDataset,
  ProgressListener,
} from "./dataset.ts";
import { type Archive, discardArchive, downloadArchive } from "./download.ts";
import { findFolder, type FolderContents } from "./files/folders.ts";
import { readBytes } from "./files/read_file.ts";
import { countRecords, readLinesIfPresent } from "./files/records.ts";
import { type Fingerprint, fingerprintFiles } from "./fingerprint.ts";
import { ColumnMajorFile } from "./column_major_file.ts";
import { pathSetting } from "./path_setting.ts";

const IMAGE_SIZE = 96;
const OFFICIAL_FOLDER = "stl10_binary";
const UNLABELLED_FILE = "unlabeled_X.bin";

const ARCHIVE: Archive = {
  url: "http://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz",
  md5: "91f7769df0f17e558f3565bffb0c7dfb",
};

const CLASS_NAMES = [
  "airplane",
  "bird",
  "car",
  "cat",
  "deer",
  "dog",
  "horse",
  "monkey",
  "ship",
  "truck",
];

/** Which STL-10 to open. */
export interface Stl10Options {
  /** Selects this data set. */
  readonly name: "stl10";
  /** Folder with the `.bin` files of the binary version, or with its folder `stl10_binary`. */
  readonly path: string;
}

/** STL-10 (Coates, Lee, Ng 2011): 96x96 images of 10 classes, most of them unlabelled. */
export const stl10: DatasetKind<Stl10Options> = {
  schema: z.strictObject({
    name: z.literal("stl10"),
    path: pathSetting.default("data/stl10"),
  }),
  imageSize: () => IMAGE_SIZE,
  open,
  fingerprint,
  download,
};

/**
 * Opens STL-10 (Coates, Lee, Ng 2011), 96x96 images of 10 classes; images stay on disk.
 *
 * @throws {UserError} When the unlabelled images are missing, when files are cut short or out of
 * reach, and when labels are out of range or do not match the images in number.
 */
async function open(options: Stl10Options): Promise<DatasetSplits> {
  const { folder, names } = await findFiles(options);
  const classNames = await readLinesIfPresent(`${folder}/class_names.txt`) ??
    CLASS_NAMES;
  return {
    unlabelled: await openImages(`${folder}/${UNLABELLED_FILE}`),
    train: await openLabelled(folder, names, "train", classNames),
    test: await openLabelled(folder, names, "test", classNames),
  };
}

async function fingerprint(options: Stl10Options): Promise<Fingerprint> {
  const { folder, names } = await findFiles(options);
  const labelled = names.filter((name) =>
    /^(train|test)_[Xy]\.bin$/.test(name)
  );
  return await fingerprintFiles(folder, [UNLABELLED_FILE], labelled);
}

/** The folder of the files, among which the unlabelled images must be. */
async function findFiles({ path }: Stl10Options): Promise<FolderContents> {
  const contents = await findFolder(path, OFFICIAL_FOLDER);
  if (contents.names.includes(UNLABELLED_FILE)) return contents;
  throw new UserError(
    `there is no ${UNLABELLED_FILE} (the images of STL-10 to pretrain on) in ${contents.folder}; ` +
      `give the path of STL-10's binary version as data.path, or fetch it with --download`,
  );
}

/**
 * Fetches STL-10 (2.5 GiB, 3.2 GB unpacked) into the folder unless the unlabelled images are in it.
 *
 * @throws {UserError} As {@linkcode downloadArchive}.
 */
async function download(
  options: Stl10Options,
  onProgress: ProgressListener,
): Promise<void> {
  const { names } = await findFolder(options.path, OFFICIAL_FOLDER);
  if (names.includes(UNLABELLED_FILE)) {
    return await discardArchive(ARCHIVE, options.path);
  }
  await downloadArchive(ARCHIVE, options.path, OFFICIAL_FOLDER, onProgress);
}

async function openImages(
  path: string,
  labels?: Uint32Array,
  classNames?: readonly string[],
): Promise<ColumnMajorFile> {
  const size = await countRecords(path, 3 * IMAGE_SIZE * IMAGE_SIZE);
  return new ColumnMajorFile(path, size, IMAGE_SIZE, labels, classNames);
}

/** Opens `<split>_X.bin` with `<split>_y.bin`, whose labels are a byte each, counted from 1. */
async function openLabelled(
  folder: string,
  names: readonly string[],
  split: "train" | "test",
  classNames: readonly string[],
): Promise<ImageDataset | undefined> {
  const [imageFile, labelFile] = [`${split}_X.bin`, `${split}_y.bin`];
  const present = [imageFile, labelFile].filter((name) => names.includes(name));
  if (present.length === 0) return undefined;
  if (present.length === 1) {
    throw new UserError(
      `${folder} has ${present[0]} but not both of ${imageFile} and ` +
        `${labelFile}; add the one that is missing`,
    );
  }
  const path = `${folder}/${labelFile}`;
  const labels = Uint32Array.from(await readBytes(path));
  for (const [i, label] of labels.entries()) {
    if (label < 1 || label > classNames.length) {
      throw new UserError(
        `${path} is damaged or not STL-10: image ${i} has the label ${label}, ` +
          `not one of 1 to ${classNames.length}; replace it`,
      );
    }
    labels[i] = label - 1;
  }
  const images = await openImages(`${folder}/${imageFile}`, labels, classNames);
  if (images.size !== labels.length) {
    throw new UserError(
      `${folder}/${imageFile} holds ${images.size} images but ${labelFile} ${labels.length} labels; ` +
        `replace both files by a pair that belongs together`,
    );
  }
  return images;
}
