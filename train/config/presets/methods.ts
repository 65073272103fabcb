import type { Config } from "../config.ts";
import type { PartialSettings } from "../resolve.ts";

/** What a method trains, whatever the data and the size. */
export interface Method {
  /** Names it in a sentence. */
  readonly title: string;
  /** D, the number of transformed views of each image. */
  readonly views: number;
  /** The model, with every part that it has; a part without settings has the defaults. */
  readonly model: NonNullable<PartialSettings<Config>["model"]>;
  /** The weights of the paper (section 4.1); Eq. 20 is averaged over the entries, the default. */
  readonly losses: PartialSettings<Config>["losses"];
}

/** Masked patch prediction alone (section 3.3). */
export const baseline: Method = {
  title: "the baseline",
  views: 1,
  model: { name: "maskedPatchPrediction", transformer: {} },
  losses: { maskedPatch: { weight: 8 } },
};

/** DV², the full model (Figure 3). */
export const dv2: Method = {
  title: "DV²",
  views: 4,
  model: {
    name: "maskedPatchPrediction",
    transformer: {},
    exchange: {},
    doubleView: true,
    vocabulary: { name: "dynamic" },
  },
  losses: {
    maskedPatch: { weight: 8 },
    patchVocabulary: { weight: 0.5 },
    image: { weight: 4 },
    imageVocabulary: { weight: 0.5 },
  },
};

/**
 * What of DV² learns soonest (docs/results.md): the double view with InfoNCE in place of Eqs. 15 and
 * 16, weights by fan-in and heads of two layers, without exchange and vocabulary. Four views, a low
 * temperature and half of the patches masked, because easier tasks are soon solved.
 */
export const doubleView: Method = {
  title: "the double view with InfoNCE",
  views: 4,
  model: {
    name: "maskedPatchPrediction",
    transformer: {},
    doubleView: true,
    initialization: "fanIn",
    head: "mlp",
    masked: 8,
  },
  losses: {
    maskedPatch: {
      weight: 8,
      form: "infoNce",
      candidates: "masked",
      temperature: 0.1,
    },
    image: { weight: 4, form: "infoNce", temperature: 0.1 },
  },
};

/** Selfie (section 3.1). */
export const selfie: Method = {
  title: "Selfie",
  views: 1,
  model: { name: "selfie", transformer: {} },
  losses: { selfie: { weight: 1 } },
};

/** Allp (section 3.2). */
export const allp: Method = {
  title: "Allp",
  views: 4,
  model: { name: "allp", transformer: {} },
  losses: { allp: { weight: 1 } },
};

/** Allp with attention exchange (section 3.2). */
export const allpExchange: Method = {
  ...allp,
  title: "Allp with exchange",
  model: { name: "allp", transformer: {}, exchange: {} },
};
