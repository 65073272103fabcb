import { assert, assertEquals, assertThrows } from "@std/assert";
import { input } from "../../engine/graph/tensor.ts";
import { allp, allpLoss } from "../../losses/allp.ts";
import { moved, slopeAtZero } from "../central_differences.ts";
import { assertClose } from "../engine/compare.ts";
import { testOnDevices } from "../engine/devices.ts";
import { checkLosses, evaluateLoss, rowsOf, unitRows } from "./check.ts";
import { naiveAllpLoss } from "./naive_allp.ts";

const FORMS = ["nce", "infoNce"] as const;
const SCORES = ["softmax", "rescaled"] as const;
const FORMS_AND_SCORES = FORMS.flatMap((form) =>
  SCORES.map((score) => ({ form, score }))
);

for (const { form, score } of FORMS_AND_SCORES) {
  testOnDevices(
    `allpLoss: is Eqs. 12-13, and so is its gradient (${form} of ${score})`,
    (device) =>
      checkLosses(
        device,
        // the last one is of one instance, which has no negatives
        [
          { n: 6, width: 7, views: 2, temperature: 0.07 },
          { n: 9, width: 5, views: 3, temperature: 0.5 },
          { n: 8, width: 11, views: 4, temperature: 0.1 },
          { n: 4, width: 5, views: 4, temperature: 0.07 },
        ].map(({ n, width, views, temperature }) => {
          const options = { form, score, temperature };
          return {
            what: `${n} images of ${views} views`,
            shapes: [[n, width]],
            loss: (vectors) => allpLoss({ vectors, views }, options),
            naive: (vectors) => naiveAllpLoss(vectors, views, options),
          };
        }),
      ),
  );
}

testOnDevices(
  "allpLoss: equal and opposite views have a finite loss and gradient",
  async (device) => {
    const width = 3;
    const [row] = rowsOf(unitRows([1, width]), width);
    const opposite = row.map((value) => -value);
    const vectors = [...row, ...opposite, ...row, ...opposite];
    for (const { form, score } of FORMS_AND_SCORES) {
      const options = { form, score, temperature: 0.07 };
      const { loss } = await evaluateLoss(
        device,
        { u: [[4, width], vectors] },
        ({ u }) => allpLoss({ vectors: u, views: 2 }, options).loss,
      );
      const expected = naiveAllpLoss(rowsOf(vectors, width), 2, options);
      // 1 - (1 - 1e-6) is 1.013e-6 in float32
      assertClose([loss], [expected.loss], `${form} of ${score}`, 1e-3);
    }
  },
);

testOnDevices(
  "allpLoss: unrelated and opposite vectors have a finite loss at the lowest temperature",
  async (device) => {
    const lowest = 0.025;
    assert(allp.schema.safeParse({ temperature: lowest }).success);
    assert(!allp.schema.safeParse({ temperature: 0.9 * lowest }).success);
    const options = {
      form: "nce",
      score: "softmax",
      temperature: lowest,
    } as const;
    // the first is opposite to all others
    const vectors = [1, 0, -1, 0, -1, 0, -1, 0];
    const { loss } = await evaluateLoss(
      device,
      { u: [[4, 2], vectors] },
      ({ u }) => allpLoss({ vectors: u, views: 2 }, options).loss,
    );
    const expected = naiveAllpLoss(rowsOf(vectors, 2), 2, options);
    assertClose([loss], [expected.loss], "loss", 1e-4);
  },
);

testOnDevices(
  "allpLoss: nearly equal and nearly opposite views keep their gradient under the softmax",
  async (device) => {
    const width = 2;
    const at = (angle: number) => [Math.cos(angle), Math.sin(angle)];
    // cosines within 1e-6 of 1 between positives and of -1 between negatives
    const vectors = [0, 1e-3, Math.PI, Math.PI - 5e-4].flatMap(at);
    const options = {
      form: "infoNce",
      score: "softmax",
      temperature: 1,
    } as const;
    const { gradients: [slope] } = await evaluateLoss(
      device,
      { u: [[4, width], vectors] },
      ({ u }) => allpLoss({ vectors: u, views: 2 }, options).loss,
    );
    const place = Float64Array.from(vectors);
    const expected = place.map((_, i) =>
      slopeAtZero((distance) => {
        const direction = place.map((_, j) => i === j ? 1 : 0);
        const rows = rowsOf(moved(place, direction, distance), width);
        return naiveAllpLoss(rows, 2, options).loss;
      }, 1e-5).central
    );
    assertClose(slope, expected, "gradient", 1e-5);
    assert(Math.abs(expected[0]) > 0.01);
  },
);

testOnDevices(
  "allpLoss: the hardest positive views keep their gradient under the softmax",
  async (device) => {
    const degrees = [0, 100, 20, 110];
    const at = (angle: number) => [Math.cos(angle), Math.sin(angle)];
    const vectors = degrees.flatMap((angle) => at(angle * Math.PI / 180));
    const options = {
      form: "infoNce",
      score: "softmax",
      temperature: 0.025,
    } as const;
    const { loss, gradients: [slope] } = await evaluateLoss(
      device,
      { u: [[4, 2], vectors] },
      ({ u }) => allpLoss({ vectors: u, views: 2 }, options).loss,
    );
    const naive = (place: ArrayLike<number>) =>
      naiveAllpLoss(rowsOf(Array.from(place), 2), 2, options).loss;
    assertClose([loss], [naive(vectors)], "loss", 1e-5);
    const place = Float64Array.from(vectors);
    const expected = place.map((_, i) =>
      slopeAtZero((distance) => {
        const direction = place.map((_, j) => i === j ? 1 : 0);
        return naive(moved(place, direction, distance));
      }, 1e-5).central
    );
    assertClose(slope, expected, "gradient", 1e-4);
    assert(expected.some((value) => Math.abs(value) > 1));
  },
);

Deno.test("allpLoss: refuses a single view, and rows that are not views of instances", () => {
  const vectors = input("vectors", [6, 5]);
  const options = allp.schema.parse({});
  assertThrows(
    () => allpLoss({ vectors, views: 1 }, options),
    RangeError,
    "2 views, not 1",
  );
  assertThrows(
    () => allpLoss({ vectors, views: 4 }, options),
    RangeError,
    "6 rows are not 4 views",
  );
  assertThrows(
    () => allpLoss({ vectors: input("u", [2, 3, 5]), views: 2 }, options),
    RangeError,
    "the vectors must be [n,width], not [2,3,5]",
  );
});

Deno.test("allp.retrieval: says among how many a view has to be found, and how often it is by chance", () => {
  const options = allp.schema.parse({});
  assertEquals(allp.retrieval!(options, { images: 12, views: 4 }), {
    sentence:
      "of views found another of their image among the 11 others of a batch",
    chance: 3 / 11,
  });
});

Deno.test("allp: a score without negatives is refused where the loss has none by itself", () => {
  const parse = (form: string, score: string) => () =>
    allp.schema.parse({ form, score });
  for (const [form, score] of [["nce", "rescaled"], ["infoNce", "softmax"]]) {
    parse(form, score)();
  }
  assertThrows(
    parse("infoNce", "rescaled"),
    Error,
    "negatives are in the softmax alone",
  );
});
