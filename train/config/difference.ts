/** A setting that two configs disagree about; `undefined` where one lacks it. */
export interface Difference {
  /** `path.to.key` */
  readonly path: string;
  readonly first: unknown;
  readonly second: unknown;
}

/** The settings that differ between two configs. */
export function* differences(
  first: unknown,
  second: unknown,
  path = "",
): Generator<Difference, void> {
  if (
    typeof first !== "object" || typeof second !== "object" || first === null ||
    second === null
  ) {
    if (!Object.is(first, second)) yield { path, first, second };
    return;
  }
  for (const key of new Set([...Object.keys(first), ...Object.keys(second)])) {
    yield* differences(
      (first as Record<string, unknown>)[key],
      (second as Record<string, unknown>)[key],
      path ? `${path}.${key}` : key,
    );
  }
}

/** The first setting that differs between two configs; `undefined` if they are equal. */
export function firstDifference(
  first: unknown,
  second: unknown,
): Difference | undefined {
  const [difference] = differences(first, second);
  return difference;
}
