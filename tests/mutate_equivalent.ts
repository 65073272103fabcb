/** A break that changes nothing that can be observed, so that no test can notice it. */
export interface Equivalent {
  readonly file: string;
  /** The line on which the break begins, without indentation. */
  readonly line: string;
  readonly before: string;
  readonly after: string;
  readonly reason: string;
}

export const equivalents: readonly Equivalent[] = [];
