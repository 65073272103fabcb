import { counted } from "./counted.ts";
import { naturalOrder } from "./files/folders.ts";

// names of the folders that are no classes, in small letters; of several the first is taken
const TRAIN = ["train", "training"];
const TEST = ["test", "testing", "validation", "valid", "val"];
/** All of these are taken. */
const UNLABELLED = ["unlabelled", "unlabeled"];

const HELD_OUT = "a fifth of each class is held out to test";
const NOT_HELD_OUT =
  "nothing is held out to test, as no class has two pictures";

/** What the pictures of a folder are for, each given by its position in `files`. */
export interface FolderLayout {
  /** Paths of the pictures that are used, relative to the folder. */
  readonly files: readonly string[];
  /** Pictures to train with. */
  readonly train: readonly number[];
  /** Pictures to test with; absent where there is no folder of them. */
  readonly test?: readonly number[];
  /** Pictures to pretrain on besides those of `train`. */
  readonly unlabelled: readonly number[];
  /** Names of the classes; absent where there are no labels. */
  readonly classNames?: readonly string[];
  /** Class of each picture of `train` and `test`, an index into `classNames`. */
  readonly labels: Uint32Array;
  /** Remarks for the user, a sentence each. */
  readonly notes: readonly string[];
}

/** Pictures whose classes are the folders that lie in one folder. */
interface ClassFolders {
  readonly positions: readonly number[];
  /** The folder with a slash at its end; empty for the data set's own. */
  readonly parent: string;
}

/**
 * Determines from the subfolders what the pictures of a folder are for.
 *
 * Where there is `train/`, alone or with `test/` or `unlabelled/` (or what else these may be called,
 * whatever the case), the classes are the subfolders of `train/`; where there is none of these, they
 * are the subfolders of the folder itself. Folders in the folder of a class belong to it.
 *
 * @param files Paths relative to the folder, at least one.
 */
export function layoutOf(files: readonly string[]): FolderLayout {
  const names = [...new Set(files.map((file) => folderIn(file, "")))];
  const [train] = named(names, TRAIN);
  const [test] = named(names, TEST);
  const unlabelled = named(names, UNLABELLED);
  const others = [test, ...unlabelled].filter((name) => name !== undefined);
  const all = { positions: [...files.keys()], parent: "" };
  if (train === undefined && others.length > 0) {
    const reason = `there is ${others[0]}/, which is no class, but no train/`;
    return withoutLabels(files, all, reason);
  }
  // beside other classes it is one
  if (train === undefined || (others.length === 0 && names.length > 1)) {
    return withLabels(files, all);
  }
  const parts = [train, ...others];
  const used = files.filter((file) => parts.includes(folderIn(file, "")));
  const positions = Map.groupBy(used.keys(), (i) => folderIn(used[i], ""));
  const classFolders = (name: string): ClassFolders => ({
    positions: positions.get(name)!,
    parent: `${name}/`,
  });
  const layout = withLabels(
    used,
    classFolders(train),
    test === undefined ? undefined : classFolders(test),
    unlabelled.flatMap((name) => positions.get(name)!),
  );
  const unused = files.filter((file) => !parts.includes(folderIn(file, "")));
  if (unused.length === 0) return layout;
  const note = `left out beside ${train}/: ${
    counted(unused.length, "picture")
  }, such as ${unused[0]}`;
  return { ...layout, notes: [note, ...layout.notes] };
}

/** Those of the folders that have one of the names, whatever their case, in the order of the names. */
function named(folders: readonly string[], names: readonly string[]): string[] {
  return names.flatMap((name) =>
    folders.filter((folder) => folder.toLowerCase() === name)
  );
}

function withLabels(
  files: readonly string[],
  train: ClassFolders,
  test?: ClassFolders,
  unlabelled: readonly number[] = [],
): FolderLayout {
  const reason = whyUnlabelled(files, train, test);
  if (reason !== undefined) {
    return withoutLabels(files, train, reason, unlabelled);
  }
  const labels = new Uint32Array(files.length);
  const classNames = classesOf(files, train);
  const numbers = new Map(classNames.map((name, label) => [name, label]));
  for (const { positions, parent } of test ? [train, test] : [train]) {
    for (const i of positions) {
      labels[i] = numbers.get(folderIn(files[i], parent))!;
    }
  }
  const canHoldOut = train.positions.length > classNames.length;
  return {
    files,
    train: train.positions,
    test: test?.positions,
    unlabelled,
    classNames,
    labels,
    notes: test ? [] : [canHoldOut ? HELD_OUT : NOT_HELD_OUT],
  };
}

function withoutLabels(
  files: readonly string[],
  { positions }: ClassFolders,
  reason: string,
  unlabelled: readonly number[] = [],
): FolderLayout {
  const labels = new Uint32Array(files.length);
  const notes = [`there are no labels: ${reason}`];
  return { files, train: positions, unlabelled, labels, notes };
}

/** Why the folders cannot be taken as classes; `undefined` where they can. */
function whyUnlabelled(
  files: readonly string[],
  train: ClassFolders,
  test: ClassFolders = train,
): string | undefined {
  for (const { positions, parent } of [train, test]) {
    const stray = positions.find((i) => folderIn(files[i], parent) === "");
    if (stray !== undefined) {
      return `${files[stray]} lies in no subfolder that could be its class`;
    }
  }
  const classes = classesOf(files, train);
  if (classes.length === 1) {
    return `there is only one subfolder, ${train.parent}${classes[0]}`;
  }
  const tested = new Set(classesOf(files, test));
  const untested = classes.find((name) => !tested.delete(name));
  if (untested !== undefined) {
    return `${test.parent} lacks ${untested}, which is in ${train.parent}`;
  }
  const [unknown] = tested;
  return unknown &&
    `${train.parent} lacks ${unknown}, which is in ${test.parent}`;
}

/** Names of the folders in natural order. */
function classesOf(
  files: readonly string[],
  { positions, parent }: ClassFolders,
): string[] {
  return [...new Set(positions.map((i) => folderIn(files[i], parent)))]
    .sort(naturalOrder);
}

/** The folder in `parent` that `file` lies in; empty if it lies in `parent` itself. */
function folderIn(file: string, parent: string): string {
  const end = file.indexOf("/", parent.length);
  return end === -1 ? "" : file.slice(parent.length, end);
}
