/** The part of `jsr:@std/cli/parse-args` in use here, for the plain JavaScript that `parse_args.ts` re-exports. */

/** How each argument is read; names are without their dashes. */
export interface ParseOptions {
  /** Options that take a value, kept as a string. */
  string?: readonly string[];
  /** Options without a value. */
  boolean?: readonly string[];
  /** Options that may be repeated, gathered in an array. */
  collect?: readonly string[];
  /** Other names of an option. */
  alias?: Record<string, string | readonly string[]>;
  /** Called for what no list names; returning `false` leaves it out of the result. */
  unknown?: (argument: string, key?: string, value?: unknown) => unknown;
}

/** Reads command-line arguments; `_` holds those that belong to no option. */
export function parseArgs(
  args: string[],
  options?: ParseOptions,
): { [name: string]: unknown; _: Array<string | number> };
