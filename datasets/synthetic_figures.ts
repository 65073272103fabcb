/** Says whether a point of the plane, `y` pointing down, belongs to a region. */
export type Region = (x: number, y: number) => boolean;

/** Directions perpendicular to the five lines of a pentagram, one of which points down. */
const STAR_NORMALS = Array.from({ length: 5 }, (_, line) => {
  const angle = Math.PI * (0.5 + 0.4 * line);
  return [Math.cos(angle), Math.sin(angle)];
});

/** Outlines about the origin, of about the same area, within a radius of 1.25. */
export const SHAPES: Readonly<Record<string, Region>> = {
  disc: (x, y) => x * x + y * y < 0.81,
  square: (x, y) => Math.max(Math.abs(x), Math.abs(y)) < 0.8,
  triangle: (x, y) => y < 0.6 && Math.sqrt(3) * Math.abs(x) - y < 1.2,
  cross: (x, y) =>
    Math.min(Math.abs(x), Math.abs(y)) < 0.38 &&
    Math.max(Math.abs(x), Math.abs(y)) < 1.05,
  star: inStar,
};

/** Patterns over the whole plane, in pixels; a point in the region has the first of two colours. */
export const TEXTURES: Readonly<Record<string, Region>> = {
  striped: (x) => Math.floor(x / 3.5) % 2 === 0,
  chequered: (x, y) => (Math.floor(x / 4) + Math.floor(y / 4)) % 2 === 0,
};

/** The points inside at least four of the five lines of a pentagram. */
function inStar(x: number, y: number): boolean {
  let inside = 0;
  for (const [normalX, normalY] of STAR_NORMALS) {
    if (normalX * x + normalY * y < 0.38) inside++;
  }
  return inside >= 4;
}
