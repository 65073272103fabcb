import { UserError } from "../engine/user_error.ts";
import { naturalOrder } from "./files/folders.ts";

const TRAIN = "train";
/** Names of the folder of test images; of several the first is taken. */
const TEST = ["test", "validation", "val"];
const UNLABELLED = ["unlabelled", "unlabeled"];
const HELD_OUT = "a fifth of each class is held out to test";

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
 * Where there are `train/` and one of `test/`, `validation/`, `val/` and `unlabelled/`, the classes
 * are the subfolders of `train/`; else they are the subfolders of the folder itself. Folders in
 * the folder of a class belong to it.
 *
 * @param files Paths relative to the folder, at least one.
 * @throws {UserError} The test images are of other classes than those to train with.
 */
export function layoutOf(files: readonly string[]): FolderLayout {
  const names = new Set(files.map((file) => folderIn(file, "")));
  const test = TEST.find((name) => names.has(name));
  const isSplit = names.has(TRAIN) &&
    (test !== undefined || UNLABELLED.some((name) => names.has(name)));
  if (!isSplit) {
    return withLabels(files, { positions: [...files.keys()], parent: "" });
  }
  const parts = [TRAIN, test, ...UNLABELLED];
  const used = files.filter((file) => parts.includes(folderIn(file, "")));
  const positions = Map.groupBy(used.keys(), (i) => folderIn(used[i], ""));
  const classFolders = (name: string): ClassFolders => ({
    positions: positions.get(name)!,
    parent: `${name}/`,
  });
  const layout = withLabels(
    used,
    classFolders(TRAIN),
    test === undefined ? undefined : classFolders(test),
    UNLABELLED.flatMap((name) => positions.get(name) ?? []),
  );
  const unused = files.filter((file) => !parts.includes(folderIn(file, "")));
  if (unused.length === 0) return layout;
  const note = `left out beside ${TRAIN}/: ${unused.length} pictures, ` +
    `such as ${unused[0]}`;
  return { ...layout, notes: [note, ...layout.notes] };
}

function withLabels(
  files: readonly string[],
  train: ClassFolders,
  test?: ClassFolders,
  unlabelled: readonly number[] = [],
): FolderLayout {
  const labels = new Uint32Array(files.length);
  const reason = whyUnlabelled(files, train, test);
  if (reason !== undefined) {
    const notes = [`there are no labels: ${reason}`];
    return { files, train: train.positions, unlabelled, labels, notes };
  }
  const classNames = classesOf(files, train);
  if (test) checkClasses(classNames, classesOf(files, test), test.parent);
  const numbers = new Map(classNames.map((name, label) => [name, label]));
  for (const { positions, parent } of test ? [train, test] : [train]) {
    for (const i of positions) {
      labels[i] = numbers.get(folderIn(files[i], parent))!;
    }
  }
  return {
    files,
    train: train.positions,
    test: test?.positions,
    unlabelled,
    classNames,
    labels,
    notes: test ? [] : [HELD_OUT],
  };
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
  const [first, ...others] = classesOf(files, train);
  return others.length === 0
    ? `there is only one subfolder, ${train.parent}${first}`
    : undefined;
}

/** Names of the folders in natural order. */
function classesOf(
  files: readonly string[],
  { positions, parent }: ClassFolders,
): string[] {
  return [...new Set(positions.map((i) => folderIn(files[i], parent)))]
    .sort(naturalOrder);
}

function checkClasses(
  train: readonly string[],
  test: readonly string[],
  testFolder: string,
): void {
  const missing = train.filter((name) => !test.includes(name));
  const unknown = test.filter((name) => !train.includes(name));
  if (missing.length + unknown.length === 0) return;
  const differences = [
    ...missing.slice(0, 1).map((name) => `lacks ${name}`),
    ...unknown.slice(0, 1).map((name) => `has ${name} besides`),
  ];
  throw new UserError(
    `the classes in ${testFolder} are not those in ${TRAIN}/: it ${
      differences.join(" and ")
    }; give both the same subfolders`,
  );
}

/** The folder in `parent` that `file` lies in; empty if it lies in `parent` itself. */
function folderIn(file: string, parent: string): string {
  const end = file.indexOf("/", parent.length);
  return end === -1 ? "" : file.slice(parent.length, end);
}
