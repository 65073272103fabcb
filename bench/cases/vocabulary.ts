import type { Device } from "../../engine/devices/device.ts";
import { planProgram } from "../../engine/program.ts";
import { measure } from "../compare.ts";
import { prepareOurs } from "../ours.ts";
import { replayed } from "../ours/replay.ts";
import {
  productsDefinition,
  vocabularyDefinition,
} from "../ours/vocabulary.ts";
import { randomRows, randomValues } from "../values.ts";
import type { VocabularyWork } from "../work.ts";
import type { Case, Fact, FactCase } from "./case.ts";

const WIDTH = 128;
const ENTRIES = 16384;
const TARGETS = 1024;

/** Match and loss against a large vocabulary: time, share of the matrix products, memory. */
export function vocabularyCases(): Case[] {
  return [
    {
      name: `vocabulary match + loss S=${ENTRIES} n=${TARGETS}`,
      tolerance: 1e-4,
      make: () => vocabularyWork(ENTRIES, TARGETS),
    },
    {
      name: "vocabulary, against its matrix products alone",
      measure: againstProducts,
    },
    ...[ENTRIES / 4, ENTRIES].flatMap((entries) =>
      [TARGETS / 4, TARGETS].map((n) => memoryCase(entries, n))
    ),
  ];
}

async function againstProducts(device: Device): Promise<Fact> {
  const work = vocabularyWork(ENTRIES, TARGETS);
  const whole = await prepareOurs(device, work);
  const products = await replayed(device, productsDefinition(work));
  const [ours, theirs] = await measure(whole, products);
  await whole.close();
  await products.close();
  return {
    ours: ours * 1000,
    peer: "our products",
    theirs: theirs * 1000,
    unit: "ms",
  };
}

/** The most memory that is in use at once, beside that of a matrix of all pairs. */
function memoryCase(entries: number, n: number): FactCase {
  return {
    name: `vocabulary memory S=${entries} n=${n}`,
    measure({ limits }) {
      const work = vocabularyWork(entries, n);
      const { liveBytes } = planProgram(vocabularyDefinition(work), limits);
      return {
        ours: liveBytes / 2 ** 20,
        peer: "S x n matrix",
        theirs: entries * n * 4 / 2 ** 20,
        unit: "MiB",
      };
    },
  };
}

function vocabularyWork(entries: number, n: number): VocabularyWork {
  return {
    kind: "vocabulary",
    n,
    entries,
    width: WIDTH,
    before: randomRows(entries, WIDTH),
    after: randomRows(entries, WIDTH),
    masses: randomValues(entries).map(Math.abs),
    predictions: randomRows(n, WIDTH),
    targets: randomRows(n, WIDTH),
  };
}
