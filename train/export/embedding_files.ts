import { counted } from "../../datasets/counted.ts";
import type { FileStamp } from "../../datasets/file_stamps.ts";
import {
  UNFINISHED_SUFFIX,
  writeAll,
  writeTextAtomically,
} from "../../datasets/files/atomic_file.ts";
import { openLocked } from "../../datasets/files/locked_file.ts";
import { readTextIfPresent } from "../../datasets/files/read_file.ts";
import { withFileErrors } from "../../datasets/files/system_error.ts";
import { UserError } from "../../engine/user_error.ts";
import { csvRow } from "./csv.ts";
import { NPY_HEADER_BYTES, npyHeader } from "./npy.ts";

/** What is embedded, and by what; a run is continued only if all of it is unchanged. */
export interface EmbeddingTask {
  /** Anything that JSON holds and that features depend on. */
  readonly encoder: unknown;
  /** Number of features of a picture. */
  readonly width: number;
  /** The real path of the folder of the pictures. */
  readonly folder: string;
  /** The pictures in order. */
  readonly files: readonly FileStamp[];
}

/**
 * The features of pictures as a NumPy file, and beside it, with the ending `.csv`, the name of each
 * row's picture. Until all pictures are dealt with, the rows so far and a journal of the pictures
 * lie there under names that end in `.unfinished`, from which it continues when opened again.
 */
export class EmbeddingFiles implements Disposable {
  private constructor(
    private readonly path: string,
    private readonly task: EmbeddingTask,
    private readonly rows: Deno.FsFile,
    private readonly journal: Deno.FsFile,
    /** Whether there are features of each picture dealt with so far. */
    private readonly embedded: boolean[],
  ) {}

  /**
   * Begins the files, or continues where they were left. Other processes are kept from doing so until
   * they are closed; where the file system has no locks it prints that it cannot.
   *
   * @param path The NumPy file, whose name ends in `.npy`.
   * @throws {UserError} if another process writes them, another task has left features there, or they
   * cannot be read or written.
   */
  static async open(
    path: string,
    task: EmbeddingTask,
  ): Promise<EmbeddingFiles> {
    const [rowsPath, journalPath] = unfinished(path);
    return await withFileErrors(`cannot write ${path}`, async () => {
      using closing = new DisposableStack();
      const rows = closing.use(await openLocked(rowsPath));
      if (!rows) {
        throw new UserError(
          `${path} is in use: another process writes it; wait until it ends, or stop it`,
        );
      }
      const embedded = await readJournal(path, task);
      const options = { write: true, create: true };
      const journal = closing.use(await Deno.open(journalPath, options));
      const files = new EmbeddingFiles(path, task, rows, journal, embedded);
      if (embedded.length > 0) {
        const kept = new TextEncoder().encode(journalText(task, embedded));
        await rows.truncate(rowOffset(task, files.rowCount));
        await journal.truncate(kept.length);
        await rows.seek(0, Deno.SeekMode.End);
        await journal.seek(0, Deno.SeekMode.End);
      } else {
        await rows.truncate();
        await journal.truncate();
        await writeAll(rows, npyHeader(0, task.width));
        await files.#note(journalHead(task));
      }
      closing.move();
      return files;
    });
  }

  /** Number of pictures dealt with. */
  get done(): number {
    return this.embedded.length;
  }

  /** Number of pictures with features. */
  get rowCount(): number {
    return this.embedded.filter(Boolean).length;
  }

  /** Name of the file with the names. */
  get namesPath(): string {
    return namesPathOf(this.path);
  }

  /**
   * Adds the next picture; one without features is left out of both files.
   *
   * @throws {UserError} if the disk is full.
   */
  async append(features?: Float32Array): Promise<void> {
    const line = journalLine(this.task, this.done, features !== undefined);
    await withFileErrors(`cannot write ${this.path}`, async () => {
      if (features) {
        const { buffer, byteOffset, byteLength } = features;
        const bytes = new Uint8Array(buffer, byteOffset, byteLength);
        await writeAll(this.rows, bytes);
      }
      await this.#note(line);
    });
    this.embedded.push(features !== undefined);
  }

  /**
   * Puts both files in their places.
   *
   * @throws {UserError} if they cannot be written.
   */
  async finish(): Promise<void> {
    const names = this.task.files.filter((_, i) => this.embedded[i])
      .map(([name]) => name);
    const text = [["file"], ...names.map((name) => [name])].map(csvRow).join(
      "",
    );
    const [rowsPath, journalPath] = unfinished(this.path);
    const what = `cannot write ${this.path}`;
    await withFileErrors(what, async () => {
      await this.rows.seek(0, Deno.SeekMode.Start);
      await writeAll(this.rows, npyHeader(names.length, this.task.width));
      await this.rows.sync();
    });
    // next to each other, so that hardly anything can come between that leaves names of other rows
    await writeTextAtomically(this.namesPath, text);
    await withFileErrors(what, () => Deno.rename(rowsPath, this.path));
    // rows of that name are another process's by now
    await removeIfPossible(journalPath);
  }

  /** Removes what is unfinished. */
  async discard(): Promise<void> {
    for (const path of unfinished(this.path)) await removeIfPossible(path);
  }

  /** Closes the files; they stay only if there is something to go on from. */
  [Symbol.dispose](): void {
    this.rows.close();
    this.journal.close();
    if (this.done === 0) {
      unfinished(this.path).forEach((path) => Deno.removeSync(path));
    }
  }

  async #note(text: string): Promise<void> {
    await writeAll(this.journal, new TextEncoder().encode(text));
  }
}

async function removeIfPossible(path: string): Promise<void> {
  // a missing file need not be removed, and one that cannot be is not worth an error
  await Deno.remove(path).catch(() => {});
}

function namesPathOf(path: string): string {
  return path.replace(/\.npy$/, ".csv");
}

/** Where the rows and the journal lie until they are finished. */
function unfinished(path: string): [string, string] {
  return [path + UNFINISHED_SUFFIX, `${path}.journal${UNFINISHED_SUFFIX}`];
}

/** First byte after a number of rows. */
function rowOffset({ width }: EmbeddingTask, rows: number): number {
  return NPY_HEADER_BYTES + rows * width * Float32Array.BYTES_PER_ELEMENT;
}

function journalHead({ encoder, width, folder }: EmbeddingTask): string {
  return JSON.stringify([encoder, width, folder]) + "\n";
}

function journalLine(
  { files }: EmbeddingTask,
  i: number,
  embedded: boolean,
): string {
  return JSON.stringify([files[i], embedded]) + "\n";
}

function journalText(
  task: EmbeddingTask,
  embedded: readonly boolean[],
): string {
  const lines = embedded.map((value, i) => journalLine(task, i, value));
  return journalHead(task) + lines.join("");
}

/**
 * Whether there are features of each picture that was dealt with before; empty where it begins anew.
 *
 * @throws {UserError} if another task has left features, which would be lost.
 */
async function readJournal(
  path: string,
  task: EmbeddingTask,
): Promise<boolean[]> {
  const [rowsPath, journalPath] = unfinished(path);
  const text = await readTextIfPresent(journalPath) ?? "";
  const size = (await Deno.stat(rowsPath).catch(() => undefined))?.size ?? 0;
  if (!text.startsWith(journalHead(task))) {
    // a journal without rows is left by who was killed once the files were in their places
    if (size > NPY_HEADER_BYTES) refuseToLose(path, text);
    return [];
  }
  const lines = text.slice(journalHead(task).length).split(/(?<=\n)/);
  const embedded: boolean[] = [];
  let rows = 0;
  for (const line of lines) {
    const value = line === journalLine(task, embedded.length, true);
    // cut short, or of other pictures
    if (!value && line !== journalLine(task, embedded.length, false)) break;
    if (value && rowOffset(task, ++rows) > size) break;
    embedded.push(value);
  }
  return embedded;
}

/** Refuses to begin anew over what another task has done. */
function refuseToLose(path: string, journal: string): void {
  // all whole lines but the head
  const done = journal.split("\n").length - 2;
  if (done <= 0) return;
  const [, journalPath] = unfinished(path);
  throw new UserError(
    `${path} is unfinished: ${
      counted(done, "image")
    } of another folder, encoder or kind of features are done; finish it with the command that began it, name another file with --out, or remove ${journalPath}`,
  );
}
