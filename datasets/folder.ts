import { z } from "zod";
import { UserError } from "../engine/user_error.ts";
import type { DatasetKind, DatasetSplits, ImageDataset } from "./dataset.ts";
import { naturalOrder } from "./files/folders.ts";
import { withFileErrors } from "./files/system_error.ts";
import { type Fingerprint, fingerprintFiles } from "./fingerprint.ts";
import { openImageFiles } from "./image_files.ts";
import { pathSetting } from "./path_setting.ts";
import { shuffledOrder } from "./shuffle.ts";
import { Subset } from "./subset.ts";

const IMAGE_FILE = /\.(jpe?g|png|webp)$/i;
const TEST_SHARE = 0.2;
const MAX_CLASSES = 256;

/** Which folder of images to open. */
export interface FolderOptions {
  /** Selects this data set. */
  readonly name: "folder";
  /** Folder with the images, at any depth. */
  readonly path: string;
  /** Height and width in pixels that images are resized to, 8 to 1024. */
  readonly imageSize: number;
}

/** A folder of a person's own JPEG, PNG and WebP images. */
export const folder: DatasetKind<FolderOptions> = {
  schema: z.strictObject({
    name: z.literal("folder"),
    path: pathSetting,
    imageSize: z.int().min(8).max(1024).default(96),
  }),
  imageSize: ({ imageSize }) => imageSize,
  open,
  fingerprint,
};

/**
 * Opens a folder of JPEG, PNG and WebP images, whose central squares are resized to `imageSize`.
 *
 * If all images lie in two or more subfolders, these are the classes. A fifth of each class, the
 * same at every opening, is then held out as `test`, and the rest is `train` and the unlabelled
 * images. Otherwise all images are unlabelled. Files that cannot be decoded are named on stderr and
 * left out; hidden files and folders that are links are not looked at.
 *
 * @throws {UserError} When the folder is missing, out of reach or has more than 256 classes, and
 * when no image in it can be decoded.
 */
async function open(options: FolderOptions): Promise<DatasetSplits> {
  const files = (await findImages(options.path)).sort(naturalOrder);
  const paths = files.map((file) => `${options.path}/${file}`);
  const classNames = classesOf(files);
  if (classNames !== undefined && classNames.length > MAX_CLASSES) {
    throw new UserError(
      `${options.path} has ${classNames.length} subfolders with images, which would be the classes, ` +
        `but there can be ${MAX_CLASSES} at most; put some together, or all images in one folder`,
    );
  }
  const labels = classNames &&
    Uint8Array.from(files, (file) => classNames.indexOf(classOf(file)));
  return holdOut(
    await openImageFiles({ paths, labels, classNames }, options.imageSize),
  );
}

async function fingerprint({ path }: FolderOptions): Promise<Fingerprint> {
  return await fingerprintFiles(path, await findImages(path));
}

/** As {@linkcode listImages}, which must find some. */
async function findImages(folder: string): Promise<string[]> {
  const files = await listImages(folder);
  if (files.length > 0) return files;
  throw new UserError(
    `there are no JPEG, PNG or WebP images in ${folder}; check the path`,
  );
}

/** Paths of the JPEG, PNG and WebP files in `folder` and its subfolders, relative to it, in no order. */
export async function listImages(folder: string): Promise<string[]> {
  const entries = await withFileErrors(
    `cannot read the folder ${folder}`,
    () => Array.fromAsync(Deno.readDir(folder)),
  );
  const images: string[] = [];
  for (const { name, isDirectory } of entries) {
    if (name.startsWith(".")) continue;
    if (isDirectory) {
      for (const image of await listImages(`${folder}/${name}`)) {
        images.push(`${name}/${image}`);
      }
    } else if (IMAGE_FILE.test(name)) {
      images.push(name);
    }
  }
  return images;
}

/** The first-level subfolders if there are several and all files lie in them. */
function classesOf(files: readonly string[]): string[] | undefined {
  const classes = new Set(files.map(classOf));
  return classes.has("") || classes.size < 2
    ? undefined
    : [...classes].sort(naturalOrder);
}

/** The first-level subfolder that `file` lies in; empty if in none. */
function classOf(file: string): string {
  return file.slice(0, Math.max(0, file.indexOf("/")));
}

/** Puts a share of each class, drawn the same way every time, into `test`. */
function holdOut(images: ImageDataset): DatasetSplits {
  const { labels } = images;
  if (labels === undefined) return { unlabelled: images };
  const train: number[] = [];
  const test: number[] = [];
  const classes = Map.groupBy(labels.keys(), (image) => labels[image]);
  for (const [label, members] of classes) {
    const order = shuffledOrder(members.length, 0, label);
    const testCount = Math.round(TEST_SHARE * members.length);
    for (const [rank, member] of order.entries()) {
      (rank < testCount ? test : train).push(members[member]);
    }
  }
  const trainImages = new Subset(images, train.sort((a, b) => a - b));
  return {
    unlabelled: trainImages,
    train: trainImages,
    test: test.length > 0
      ? new Subset(images, test.sort((a, b) => a - b))
      : undefined,
  };
}
