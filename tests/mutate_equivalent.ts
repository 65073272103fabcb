/** A break that changes nothing that can be observed, so that no test can notice it. */
export interface Equivalent {
  readonly file: string;
  /** The line on which the break begins, without indentation. */
  readonly line: string;
  readonly before: string;
  readonly after: string;
  readonly reason: string;
}

export const equivalents: readonly Equivalent[] = [
  {
    file: "train/export/timm.ts",
    line: "if (block === undefined) continue;",
    before: "block === undefined",
    after: "false",
    reason: "a list keeps what has no number out of its elements",
  },
  {
    file: "train/evaluate/lbfgs.ts",
    line:
      "for (let i = 0; i < a.length; i++) result[i] = a[i] + factor * b[i];",
    before: "<",
    after: "<=",
    reason: "a typed array ignores what is written behind its end",
  },
  {
    file: "engine/compile/fusion.ts",
    line:
      "return !isFused || own.size <= Math.max(maxReads, node.inputs.length);",
    before: "Math.max(maxReads, node.inputs.length)",
    after: "maxReads",
    reason: "the passes end all the same, once no more is stored; only later",
  },
  {
    file: "layers/packing.ts",
    line: "return value >>> 0;",
    before: ">>>",
    after: "<<",
    reason: "what takes the hash reads it as a word, whatever its sign",
  },
  {
    file: "layers/module.ts",
    line: "if (ArrayBuffer.isView(value)) return;",
    before: "ArrayBuffer.isView(value)",
    after: "false",
    reason: "the elements of an array of numbers are no objects; only slower",
  },
  {
    file: "layers/attention_pooling.ts",
    line:
      "const keys = visible && concatenate([constant(1, [n, 1]), visible], 1);",
    before: "1",
    after: "2",
    reason: "attention asks of a mask whether it is 0, and nothing else",
  },
  {
    file: "losses/allp.ts",
    line: "const e = exp(multiply(subtract(s, 1), 2 / temperature));",
    before: "subtract(s, 1)",
    after: "s",
    reason: "a common factor of all exponentials, which the softmax divides by",
  },
  {
    file: "losses/vocabulary.ts",
    line: "const u = stopGradient(targets);",
    before: "stopGradient(targets)",
    after: "targets",
    reason:
      "the loss has a gradient of its own, with respect to predictions alone",
  },
  {
    file: "losses/vocabulary.ts",
    line: "for (const { parts: [v] } of blocks(stopGradient(entries))) {",
    before: "stopGradient(entries)",
    after: "entries",
    reason:
      "the loss has a gradient of its own, with respect to predictions alone",
  },
  {
    file: "losses/vocabulary.ts",
    line: "const û = stopGradient(predictions);",
    before: "stopGradient(predictions)",
    after: "predictions",
    reason: "what depends on it is the value; the gradient is given beside it",
  },
  {
    file: "losses/shortcut.ts",
    line: "divide(between, maximum(total, 1e-30)),",
    before: "1e-30",
    after: "2e-30",
    reason: "keeps a variance of 0 from the divisor, as any tiny number does",
  },
  {
    file: "losses/pairs.ts",
    line: "rank === 0 ? own : add(own, rank * rows[0]),",
    before: "rank === 0 ? own : add(own, rank * rows[0])",
    after: "(add(own, rank * rows[0]))",
    reason: "adds 0, and without it the graph of one process is smaller",
  },
  {
    file: "losses/cross_entropy.ts",
    line: "const largest = stopGradient(max(x, last));",
    before: "stopGradient(max(x, last))",
    after: "max(x, last)",
    reason: "its gradients cancel; without them the graph is smaller",
  },
  {
    file: "engine/graph/gradient.ts",
    line: "if (seen.has(node)) continue;",
    before: "seen.has(node)",
    after: "false",
    reason: "a set has each node once; only slower",
  },
  {
    file: "vocab/match.ts",
    line:
      "const length = sqrt(add(add(square(mass), multiply(along, 2)), 1 + 1e-6));",
    before: "1e-6",
    after: "0.000002",
    reason:
      "keeps rounding from a root of less than 0, as any tiny number does",
  },
  {
    file: "vocab/match.ts",
    line: "if (!best || !entry) {",
    before: "||",
    after: "&&",
    reason: "both are there or neither is",
  },
  {
    file: "losses/masked_patch.ts",
    line: "2 * targets.shape[1],",
    before: "2",
    after: "3",
    reason: "groups without members count for nothing",
  },
  {
    file: "engine/graph/simplify.ts",
    line: "return Number.isFinite(value) ? value : String(value);",
    before: "Number.isFinite(value) ? value : String(value)",
    after: "(String(value))",
    reason: "numbers as text are as distinct as numbers",
  },
  {
    file: "vocab/dynamic.ts",
    line:
      "const entropy = negate(sum(multiply(share, log(maximum(share, 1e-30)))));",
    before: "1e-30",
    after: "2e-30",
    reason: "keeps a share of 0 from the logarithm, as any tiny number does",
  },
  {
    file: "vocab/quantiles.ts",
    line: "for (let round = 0; round < ROUNDS; round++) {",
    before: "<",
    after: "<=",
    reason: "more precise than promised",
  },
  {
    file: "vocab/quantiles.ts",
    line: "const ROUNDS = 3;",
    before: "3",
    after: "4",
    reason: "more precise than promised",
  },
];
