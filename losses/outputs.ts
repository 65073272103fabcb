import type { TermOutputs } from "./registry.ts";

/** What a pretext model outputs: under the name of a loss term, what that term takes. */
export type PretextOutputs = Readonly<Partial<TermOutputs>>;
