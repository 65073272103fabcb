import * as kinds from "./kinds.ts";
import type { LossTerm } from "./term.ts";

/** The name of a loss term. */
export type TermName = keyof typeof kinds;

/** What each term takes, by its name. */
export type TermOutputs = {
  readonly [Name in TermName]: Parameters<(typeof kinds)[Name]["compute"]>[0];
};

/** Options of each term of the loss, by the name of the term. */
export type LossOptions = {
  readonly [Name in TermName]: Parameters<(typeof kinds)[Name]["compute"]>[1];
};

/** The loss terms by name. */
export const terms: {
  readonly [Name in TermName]: LossTerm<TermOutputs[Name], LossOptions[Name]>;
} = kinds;

/** The names of those terms that `settings` has entries for, in their order there. */
export function termsIn(settings: object): TermName[] {
  return Object.keys(settings).filter(isTermName);
}

function isTermName(name: string): name is TermName {
  return Object.hasOwn(terms, name);
}
