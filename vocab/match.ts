import { matmul } from "../engine/ops/matmul.ts";
import {
  add,
  cast,
  divide,
  less,
  multiply,
  select,
  sqrt,
  square,
} from "../engine/ops/elementwise.ts";
import { materialize } from "../engine/ops/materialize.ts";
import { argmax, max } from "../engine/ops/reduction.ts";
import { checkShape, type Tensor } from "../engine/graph/tensor.ts";
import { blocks } from "./stream.ts";

/** How a target chooses its entry: by Eq. 17, which favours light entries, or by the cosine alone. */
export type Match = "massAware" | "cosine";

/**
 * The entry that each target matches, Eq. 17: `c_j = argmax_i cos(m_i v_i + u_j, u_j)`, the first
 * among equals. Entries are compared in blocks; the matrix of all pairs is never stored.
 *
 * @param vectors v: `[entries, width]`, rows of unit length
 * @param masses m: `[entries]`, at least 0
 * @param targets u: `[n, width]`, rows of unit length
 * @returns `[n]`, i32
 * @throws {RangeError} if the shapes do not fit.
 */
export function matchEntries(
  vectors: Tensor,
  masses: Tensor,
  targets: Tensor,
  match: Match,
): Tensor {
  checkShape(vectors, ["entries", "width"], "matchEntries: vectors");
  checkShape(masses, [vectors.shape[0]], "matchEntries: masses");
  checkShape(targets, ["n", vectors.shape[1]], "matchEntries: targets");
  let best: Tensor | undefined;
  let entry: Tensor | undefined;
  for (const { parts: [v, m], start } of blocks(vectors, masses)) {
    // [n, block]
    const cosine = matmul(targets, v, { transposeB: true });
    const score = materialize(
      match === "cosine" ? cosine : massAwareCosine(cosine, m),
    );
    const blockBest = max(score, { axes: [1] });
    const blockEntry = add(argmax(score, 1), start);
    if (!best || !entry) {
      [best, entry] = [blockBest, blockEntry];
      continue;
    }
    const isBetter = less(best, blockBest);
    entry = select(cast(isBetter, "i32"), blockEntry, entry);
    best = select(isBetter, blockBest, best);
  }
  // there is at least one block
  return entry!;
}

/** `cos(m v + u, u)` for unit vectors, given their cosine: `(m c + 1) / |m v + u|`. */
function massAwareCosine(cosine: Tensor, mass: Tensor): Tensor {
  const along = multiply(cosine, mass);
  // |m v + u|² = m² + 2 m c + 1, at least (1 - m)²
  const length = sqrt(add(add(square(mass), multiply(along, 2)), 1 + 1e-6));
  return divide(add(along, 1), length);
}
