import { UserError } from "../engine/user_error.ts";
import type { ImageDataset } from "./dataset.ts";
import { readFully } from "./files/read_file.ts";
import { withFileErrors } from "./files/system_error.ts";

/**
 * Images in a file of any size, read on demand: `[size, 3, imageSize, imageSize]` bytes whose
 * planes are column-major.
 */
export class ColumnMajorFile implements ImageDataset {
  /** Describes the file at `path`, which is opened by each read. */
  constructor(
    private readonly path: string,
    readonly size: number,
    readonly imageSize: number,
    readonly labels?: Uint32Array,
    readonly classNames?: readonly string[],
  ) {}

  /** Every call has a file handle of its own, so that calls may overlap. */
  read(indices: ArrayLike<number>): Promise<Uint8Array<ArrayBuffer>> {
    return withFileErrors(`cannot read ${this.path}`, async () => {
      const bytes = 3 * this.imageSize ** 2;
      const batch = new Uint8Array(indices.length * bytes);
      const columnMajor = new Uint8Array(bytes);
      using file = await Deno.open(this.path);
      for (let i = 0; i < indices.length; i++) {
        await file.seek(indices[i] * bytes, Deno.SeekMode.Start);
        if (!await readFully(file, columnMajor)) {
          throw new UserError(
            `${this.path} was cut short while in use; replace it`,
          );
        }
        transposePlanes(
          columnMajor,
          batch.subarray(i * bytes, (i + 1) * bytes),
          this.imageSize,
        );
      }
      return batch;
    });
  }

  close(): void {}
}

/** Turns three column-major planes into row-major ones. */
function transposePlanes(
  source: Uint8Array,
  target: Uint8Array,
  imageSize: number,
): void {
  const area = imageSize * imageSize;
  for (let plane = 0; plane < 3 * area; plane += area) {
    for (let y = 0; y < imageSize; y++) {
      for (let x = 0; x < imageSize; x++) {
        target[plane + y * imageSize + x] = source[plane + x * imageSize + y];
      }
    }
  }
}
