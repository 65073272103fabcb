import type { Device } from "../../engine/devices/device.ts";
import { gradient } from "../../engine/graph/gradient.ts";
import { matmul } from "../../engine/ops/matmul.ts";
import { add } from "../../engine/ops/elementwise.ts";
import { slice } from "../../engine/ops/movement.ts";
import { Program, type ProgramDefinition } from "../../engine/program.ts";
import type { Tensor } from "../../engine/graph/tensor.ts";
import { vocabularyLoss } from "../../losses/vocabulary.ts";
import { matchEntries } from "../../vocab/match.ts";
import { blocks } from "../../vocab/stream.ts";
import type { Contender, VocabularyWork } from "../work.ts";
import { joined, release, replay, resident } from "./replay.ts";

/** The match, the loss and its gradient, as a training step computes them. */
export function vocabularyDefinition(work: VocabularyWork): ProgramDefinition {
  const { before, after, targets, predictions, masses } = tensorsOf(work);
  const loss = vocabularyLoss({
    predictions,
    targets,
    entries: after,
    metrics: {},
  }, "pairs");
  const matched = matchEntries(before, masses, targets, "massAware");
  const [slope] = gradient(loss, [predictions]);
  return { outputs: [matched, loss, slope] };
}

/** The matrix products alone that are in {@linkcode vocabularyDefinition}, in the same blocks. */
export function productsDefinition(work: VocabularyWork): ProgramDefinition {
  const { before, after, targets, predictions } = tensorsOf(work);
  let slopes: Tensor | undefined;
  const corners: Tensor[] = [];
  for (const { parts: [v, w] } of blocks(before, after)) {
    const match = matmul(targets, v, { transposeB: true });
    const weight = matmul(targets, w, { transposeB: true });
    const closeness = matmul(predictions, w, { transposeB: true });
    // a product of which nothing is used would not be computed
    corners.push(...[match, weight].map((x) => slice(x, [0, 0], [1, 1])));
    const slope = matmul(closeness, w);
    slopes = slopes ? add(slopes, slope) : slope;
  }
  return { outputs: [slopes!, corners.reduce(add)] };
}

function tensorsOf(work: VocabularyWork) {
  const { n, entries, width } = work;
  return {
    before: resident(work.before, [entries, width]),
    after: resident(work.after, [entries, width]),
    masses: resident(work.masses, [entries]),
    predictions: resident(work.predictions, [n, width]),
    targets: resident(work.targets, [n, width]),
  };
}

/** Replays the match and the loss. */
export async function vocabularyContender(
  device: Device,
  work: VocabularyWork,
): Promise<Contender> {
  const program = await Program.compile(device, vocabularyDefinition(work));
  return {
    run: (times) => replay(device, program, times),
    async result() {
      const [matched, , slope] = await program.evaluate();
      const scale = work.n * work.entries;
      return joined([
        slope.map((value) => value * scale),
        scoresOf(work, matched),
      ]);
    },
    close: () => release(device, program),
  };
}

/** `cos(m v + u, u)` of each target and its match: two entries may match equally well. */
function scoresOf(
  { n, width, before, targets, masses }: VocabularyWork,
  matched: ArrayLike<number>,
): number[] {
  return Array.from({ length: n }, (_, i) => {
    const u = targets.subarray(i * width, (i + 1) * width);
    const v = before.subarray(matched[i] * width, (matched[i] + 1) * width);
    const cosine = u.reduce((total, value, k) => total + value * v[k], 0);
    const mass = masses[matched[i]];
    return (mass * cosine + 1) / Math.sqrt(mass ** 2 + 2 * mass * cosine + 1);
  });
}
