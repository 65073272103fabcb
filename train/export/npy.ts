import {
  UNFINISHED_SUFFIX,
  writeAll,
} from "../../datasets/files/atomic_file.ts";
import { withFileErrors } from "../../datasets/files/system_error.ts";

/** The format asks for a multiple of 64; this leaves room for any number of rows. */
const HEADER_BYTES = 128;

/**
 * A NumPy file (`.npy`, format 1.0) of rows of float32, written row by row beside its place and put
 * there when it is finished.
 */
export class NpyFile implements Disposable {
  #rows = 0;

  private constructor(
    private readonly path: string,
    private readonly width: number,
    private readonly file: Deno.FsFile,
  ) {}

  /**
   * Begins a file of rows of `width` values.
   *
   * @throws {UserError} if it cannot be written.
   */
  static async create(path: string, width: number): Promise<NpyFile> {
    return await withFileErrors(`cannot write ${path}`, async () => {
      const file = await Deno.create(path + UNFINISHED_SUFFIX);
      await writeAll(file, npyHeader(0, width));
      return new NpyFile(path, width, file);
    });
  }

  /**
   * Adds a row.
   *
   * @throws {UserError} if it cannot be written.
   */
  async append(row: Float32Array): Promise<void> {
    if (row.length !== this.width) {
      throw new RangeError(`a row has ${row.length} values, not ${this.width}`);
    }
    const { buffer, byteOffset, byteLength } = row;
    const bytes = new Uint8Array(buffer, byteOffset, byteLength);
    await withFileErrors(
      `cannot write ${this.path}`,
      () => writeAll(this.file, bytes),
    );
    this.#rows++;
  }

  /**
   * Puts the file in its place.
   *
   * @throws {UserError} if it cannot be written.
   */
  async finish(): Promise<void> {
    await withFileErrors(`cannot write ${this.path}`, async () => {
      await this.file.seek(0, Deno.SeekMode.Start);
      await writeAll(this.file, npyHeader(this.#rows, this.width));
      await this.file.sync();
      await Deno.rename(this.path + UNFINISHED_SUFFIX, this.path);
    });
  }

  /** Closes the file, and removes it unless it is finished. */
  [Symbol.dispose](): void {
    this.file.close();
    try {
      Deno.removeSync(this.path + UNFINISHED_SUFFIX);
    } catch {
      // finished, or not removable, and then not worth an error of its own
    }
  }
}

/** The header of `[rows, width]` little-endian float32. */
export function npyHeader(rows: number, width: number): Uint8Array {
  const dictionary =
    `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${width}), }`;
  const magic = "\x93NUMPY\x01\x00";
  const length = HEADER_BYTES - magic.length - 2;
  const text = magic + String.fromCharCode(length & 255, length >> 8) +
    dictionary.padEnd(length - 1) + "\n";
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}
