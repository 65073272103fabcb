import { matmul } from "../engine/ops/matmul.ts";
import {
  add,
  cast,
  divide,
  less,
  maximum,
  multiply,
  negate,
  select,
  sqrt,
  square,
  subtract,
} from "../engine/ops/elementwise.ts";
import { materialize } from "../engine/ops/materialize.ts";
import { argmax, max } from "../engine/ops/reduction.ts";
import { checkShape, type Tensor } from "../engine/graph/tensor.ts";
import { blocks } from "./stream.ts";

/** Keeps divisions by nothing finite. */
const TINY = 1e-30;

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
      match === "cosine" ? cosine : massAwareScore(cosine, m),
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

/**
 * What orders entries as `cos(m v + u, u)` does, for unit vectors of cosine c: minus the tangent of half
 * of the angle. The cosine itself is 1 but for `m² (1 - c²) / 2`, which rounding hides where m is small.
 */
function massAwareScore(cosine: Tensor, mass: Tensor): Tensor {
  const sine = sqrt(
    maximum(multiply(subtract(1, cosine), add(cosine, 1)), 0),
  );
  // m v + u along u, and across
  const along = add(multiply(mass, cosine), 1);
  const across = multiply(mass, sine);
  const length = sqrt(add(square(along), square(across)));
  return select(
    less(along, 0),
    divide(subtract(along, length), maximum(across, TINY)),
    divide(negate(across), maximum(add(length, along), TINY)),
  );
}
