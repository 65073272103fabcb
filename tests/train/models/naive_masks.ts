import type { NaiveRandom } from "../../layers/naive_random.ts";

/** Masks the patches of each of `n` images that draw the smallest numbers. */
export function drawMasks(
  n: number,
  patches: number,
  masked: number,
  random: NaiveRandom,
): { visible: Float64Array; locations: Float64Array } {
  const keys = random.uniform(n * patches);
  const visible = new Float64Array(n * patches).fill(1);
  const locations: number[] = [];
  for (let start = 0; start < keys.length; start += patches) {
    const own = keys.subarray(start, start + patches);
    const order = [...own.keys()].sort((a, b) => own[a] - own[b]);
    for (const location of order.slice(0, masked)) {
      visible[start + location] = 0;
      locations.push(location);
    }
  }
  return { visible, locations: Float64Array.from(locations) };
}

/** Masks as {@linkcode drawMasks} gives them, of which `views` images in a row have the same. */
export function drawSharedMasks(
  n: number,
  patches: number,
  masked: number,
  random: NaiveRandom,
  views: number,
): ReturnType<typeof drawMasks> {
  const own = drawMasks(n / views, patches, masked, random);
  const repeated = (values: Float64Array, count: number) =>
    Float64Array.from(
      { length: n * count },
      (_, i) => values[Math.floor(i / count / views) * count + i % count],
    );
  return {
    visible: repeated(own.visible, patches),
    locations: repeated(own.locations, masked),
  };
}

/** The tokens of each image at its locations: `[n, tokens, width]` -> `[n, masked, width]` */
export function rowsAt(
  x: Float64Array,
  locations: Float64Array,
  { masked, tokens, width }: { masked: number; tokens: number; width: number },
): Float64Array {
  return Float64Array.from(
    [...locations].flatMap((location, i) => {
      const row = Math.floor(i / masked) * tokens + location;
      return [...x.subarray(row * width, (row + 1) * width)];
    }),
  );
}
