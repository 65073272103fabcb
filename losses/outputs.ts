import type * as kinds from "./kinds.ts";

type Terms = typeof kinds;

/** What a pretext model outputs: under the name of a loss term, what that term takes. */
export type PretextOutputs = {
  readonly [Name in keyof Terms]?: Parameters<Terms[Name]["compute"]>[0];
};
