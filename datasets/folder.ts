import { z } from "zod";
import { UserError } from "../engine/user_error.ts";
import type {
  DatasetKind,
  DatasetSplits,
  ImageDataset,
  OpenOptions,
} from "./dataset.ts";
import { type Fingerprint, fingerprintFiles } from "./fingerprint.ts";
import { printable } from "./files/printable.ts";
import { type FolderLayout, layoutOf } from "./folder_layout.ts";
import { openImageFiles } from "./image_files.ts";
import { findImages, listImages } from "./list_images.ts";
import { pathSetting } from "./path_setting.ts";
import { shuffledOrder } from "./shuffle.ts";
import { Subset } from "./subset.ts";

const TEST_SHARE = 0.2;

/** Which folder of images to open. */
export interface FolderOptions {
  /** Selects this data set. */
  readonly name: "folder";
  /** Folder with the images, at any depth. */
  readonly path: string;
  /** Height and width in pixels that images are resized to, 8 to 1024. */
  readonly imageSize: number;
}

/** A folder of your own pictures. */
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
 * Opens a folder of pictures, whose central squares are resized to `imageSize`.
 *
 * Classes are subfolders and test images those in `test/`, as {@linkcode layoutOf} says; without
 * that folder a fifth of each class, the same at every opening and whichever files can be decoded, is
 * held out as `test`. What is left out, and why there are no labels, is reported on stderr; of files
 * that cannot be decoded the first are named.
 *
 * @throws {UserError} When the folder is missing or out of reach, and when no image can be decoded.
 */
async function open(
  { path, imageSize }: FolderOptions,
  how?: OpenOptions,
): Promise<DatasetSplits> {
  const layout = withTest(layoutOf(await listImages(path)));
  for (const note of layout.notes) console.warn(`data: ${printable(note)}`);
  const { images, readable } = await openImageFiles(
    path,
    layout.files,
    imageSize,
    how,
  );
  const keep = (positions: readonly number[]) =>
    positions.filter((position) => readable.has(position));
  const splits = split(images, {
    ...layout,
    train: keep(layout.train),
    test: layout.test && keep(layout.test),
    unlabelled: keep(layout.unlabelled),
  });
  if (splits.unlabelled.size > 0) return splits;
  images.close();
  throw new UserError(
    `no picture to train with in ${path} can be read`,
  );
}

async function fingerprint({ path }: FolderOptions): Promise<Fingerprint> {
  return await fingerprintFiles(path, (await findImages(path)).images);
}

/**
 * Holds pictures out where there are classes but none to test with: of all that are listed, as a test
 * picture must not become one to train with when others can be read than before.
 */
function withTest(layout: FolderLayout): FolderLayout {
  if (layout.classNames === undefined || layout.test) return layout;
  return { ...layout, ...holdOut(layout.train, layout.labels) };
}

function split(images: ImageDataset, layout: FolderLayout): DatasetSplits {
  const { train, test = [], unlabelled, labels, classNames } = layout;
  if (classNames === undefined) {
    return { unlabelled: new Subset(images, [...train, ...unlabelled]) };
  }
  const labelled = (positions: readonly number[]) =>
    new Subset(
      images,
      positions,
      Uint32Array.from(positions, (position) => labels[position]),
      classNames,
    );
  const trainImages = labelled(train);
  return {
    unlabelled: unlabelled.length > 0
      ? new Subset(images, [...train, ...unlabelled])
      : trainImages,
    train: train.length > 0 ? trainImages : undefined,
    test: test.length > 0 ? labelled(test) : undefined,
  };
}

/**
 * Puts a share of each class, drawn the same way every time, into `test`: at least one image, but
 * not the only one.
 */
function holdOut(images: readonly number[], labels: Uint32Array) {
  const train: number[] = [];
  const test: number[] = [];
  const classes = Map.groupBy(images, (image) => labels[image]);
  for (const [label, members] of classes) {
    const order = shuffledOrder(members.length, 0, label);
    const share = Math.max(1, Math.round(TEST_SHARE * members.length));
    const testCount = members.length === 1 ? 0 : share;
    for (const [rank, member] of order.entries()) {
      (rank < testCount ? test : train).push(members[member]);
    }
  }
  return {
    train: train.sort((a, b) => a - b),
    test: test.sort((a, b) => a - b),
  };
}
