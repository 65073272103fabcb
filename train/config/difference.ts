/** A setting that two configs disagree about; `undefined` where one lacks it. */
export interface Difference {
  /** `path.to.key` */
  readonly path: string;
  readonly first: unknown;
  readonly second: unknown;
}

/** The first setting that differs between two configs; `undefined` if they are equal. */
export function firstDifference(
  first: unknown,
  second: unknown,
  path = "",
): Difference | undefined {
  if (
    typeof first !== "object" || typeof second !== "object" || first === null ||
    second === null
  ) {
    return Object.is(first, second) ? undefined : { path, first, second };
  }
  for (const key of new Set([...Object.keys(first), ...Object.keys(second)])) {
    const difference = firstDifference(
      (first as Record<string, unknown>)[key],
      (second as Record<string, unknown>)[key],
      path ? `${path}.${key}` : key,
    );
    if (difference) return difference;
  }
  return undefined;
}
