import type * as kinds from "./kinds.ts";

/** What a pretext model outputs: under the name of a loss term, what that term takes. */
export type PretextOutputs = {
  readonly [Name in keyof typeof kinds]?: Parameters<
    (typeof kinds)[Name]["compute"]
  >[0];
};
