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
  const [ours, theirs] = [first, second].map((settings) =>
    new Map<string, unknown>(Object.entries(settings))
  );
  for (const key of new Set([...ours.keys(), ...theirs.keys()])) {
    const below = path ? `${path}.${key}` : key;
    yield* differences(ours.get(key), theirs.get(key), below);
  }
}

/** Such as `steps is 4 there, not 6`, where the second config is that of a folder. */
export function describeDifference(
  { path, first, second }: Difference,
): string {
  return `${path} is ${JSON.stringify(second) ?? "not set"} there, not ${
    JSON.stringify(first) ?? "unset"
  }`;
}

/** The first setting that differs between two configs; `undefined` if they are equal. */
export function firstDifference(
  first: unknown,
  second: unknown,
): Difference | undefined {
  const [difference] = differences(first, second);
  return difference;
}
