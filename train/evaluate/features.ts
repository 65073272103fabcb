/** Features of images, a row for each. */
export interface Features {
  /** Features of an image, at least 1. */
  readonly width: number;
  /** `[rows, width]`, row-major. */
  readonly values: Float32Array<ArrayBuffer>;
}

/** Features of images whose classes are known. */
export interface LabelledFeatures extends Features {
  /** The class of each row. */
  readonly labels: Uint32Array;
}

/** Some of the rows, in the order of `indices`. */
export function selectRows(
  { width, values, labels }: LabelledFeatures,
  indices: Uint32Array,
): LabelledFeatures {
  const selected = new Float32Array(indices.length * width);
  indices.forEach((index, i) =>
    selected.set(values.subarray(index * width, (index + 1) * width), i * width)
  );
  return {
    width,
    values: selected,
    labels: Uint32Array.from(indices, (index) => labels[index]),
  };
}

/** Rows that follow each other, for a program that takes a fixed number of them. */
export interface RowBatch {
  /** The first row. */
  readonly start: number;
  /** Number of rows; zeros fill up the batch. */
  readonly count: number;
  /** `[batchRows, width]` */
  readonly values: Float32Array<ArrayBuffer>;
}

/** The rows in batches of `batchRows`; only the last is copied, where it has fewer. */
export function rowBatches(
  { width, values }: Features,
  batchRows: number,
): RowBatch[] {
  const rows = values.length / width;
  return Array.from({ length: Math.ceil(rows / batchRows) }, (_, i) => {
    const start = i * batchRows;
    const count = Math.min(batchRows, rows - start);
    const part = values.subarray(start * width, (start + count) * width);
    if (count === batchRows) return { start, count, values: part };
    const filled = new Float32Array(batchRows * width);
    filled.set(part);
    return { start, count, values: filled };
  });
}
