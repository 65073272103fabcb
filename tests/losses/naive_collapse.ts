import { dot, type Rows } from "./check.ts";

/** How much rows vary, from the eigenvalues of their covariance. */
export function naiveCollapse(
  rows: Rows,
): { readonly deviation: number; readonly effectiveRank: number } {
  const width = rows[0].length;
  const columns = Array.from({ length: width }, (_, i) => {
    const column = rows.map((row) => row[i]);
    const mean = column.reduce((sum, value) => sum + value, 0) / rows.length;
    return column.map((value) => value - mean);
  });
  const covariance = columns.map((x) =>
    columns.map((y) => dot(x, y) / rows.length)
  );
  let deviation = 0;
  for (let i = 0; i < width; i++) {
    deviation += Math.sqrt(covariance[i][i]) / width;
  }
  let [sum, sumOfSquares] = [0, 0];
  for (const value of eigenvalues(covariance)) {
    sum += value;
    sumOfSquares += value ** 2;
  }
  return {
    deviation: deviation * Math.sqrt(width),
    // 0 where all rows are equal
    effectiveRank: sumOfSquares === 0 ? 0 : sum ** 2 / sumOfSquares,
  };
}

/** Eigenvalues of a symmetric matrix by Jacobi's rotations, each of which makes one element 0. */
function eigenvalues(matrix: number[][]): number[] {
  const a = matrix.map((row) => [...row]);
  for (let sweep = 0; sweep < 20; sweep++) {
    for (let p = 0; p < a.length; p++) {
      for (let q = p + 1; q < a.length; q++) {
        const angle = Math.atan2(2 * a[p][q], a[q][q] - a[p][p]) / 2;
        const [c, s] = [Math.cos(angle), Math.sin(angle)];
        for (const row of a) {
          [row[p], row[q]] = [c * row[p] - s * row[q], s * row[p] + c * row[q]];
        }
        for (let k = 0; k < a.length; k++) {
          const [x, y] = [a[p][k], a[q][k]];
          [a[p][k], a[q][k]] = [c * x - s * y, s * x + c * y];
        }
      }
    }
  }
  return a.map((row, i) => row[i]);
}
