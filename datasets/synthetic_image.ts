import type { Region } from "./synthetic_figures.ts";

/** Height and width of a drawn image in pixels. */
export const IMAGE_SIZE = 32;

/** What is drawn in the foreground. */
export interface Figure {
  /** Its outline. */
  readonly shape: Region;
  /** Where in it the first of its two colours is. */
  readonly texture: Region;
}

/** Draws a random number between two bounds. */
export type Uniform = (low: number, high: number) => number;

/** Red, green and blue; 0 is black and 1 white. */
type Color = readonly number[];

/** Four points of each pixel are looked at, against jagged edges. */
const SAMPLES = [[0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.75, 0.75]];

/** Knots along each side of the grid between which the background's clouds are interpolated. */
const KNOTS = 6;

/**
 * Draws `figure` before a cloudy background into `target`, `[3, 32, 32]`. Its place, size, tilt and
 * all colours are drawn by `uniform`; the lightness of its two colours and of the background differ.
 */
export function drawImage(
  target: Uint8ClampedArray,
  figure: Figure,
  uniform: Uniform,
): void {
  const inShape = placed(figure.shape, uniform, [13.5, 18.5], [10, 14]);
  const inTexture = placed(figure.texture, uniform, [0, 8], [1, 1]);
  const [ground, first, second] = drawColors(uniform);
  const cloudAt = drawClouds(uniform);
  for (let y = 0; y < IMAGE_SIZE; y++) {
    for (let x = 0; x < IMAGE_SIZE; x++) {
      let ofFirst = 0;
      let ofSecond = 0;
      for (const [dx, dy] of SAMPLES) {
        if (!inShape(x + dx, y + dy)) continue;
        if (inTexture(x + dx, y + dy)) ofFirst += 1 / SAMPLES.length;
        else ofSecond += 1 / SAMPLES.length;
      }
      const ofGround = 1 - ofFirst - ofSecond;
      const cloud = cloudAt(x, y);
      const grain = uniform(-0.03, 0.03);
      for (let channel = 0; channel < 3; channel++) {
        const value = ofFirst * first[channel] + ofSecond * second[channel] +
          ofGround * (ground[channel] + cloud) + grain;
        target[(channel * IMAGE_SIZE + y) * IMAGE_SIZE + x] = 255 * value;
      }
    }
  }
}

/** Moves a region from the origin, enlarges it and tilts it by up to 0.35 radians. */
function placed(
  region: Region,
  uniform: Uniform,
  center: [low: number, high: number],
  scales: [low: number, high: number],
): Region {
  const [centerX, centerY] = [uniform(...center), uniform(...center)];
  const scale = uniform(...scales);
  const angle = uniform(-0.35, 0.35);
  const cos = Math.cos(angle) / scale;
  const sin = Math.sin(angle) / scale;
  return (x, y) => {
    const dx = x - centerX;
    const dy = y - centerY;
    return region(cos * dx + sin * dy, cos * dy - sin * dx);
  };
}

/** Three colours, one dark, one medium and one light, in any order. */
function drawColors(uniform: Uniform): Color[] {
  const colors = [[0.15, 0.3], [0.43, 0.57], [0.7, 0.85]].map(
    ([darkest, lightest]) => {
      const tint = [
        uniform(-0.1, 0.1),
        uniform(-0.1, 0.1),
        uniform(-0.1, 0.1),
      ];
      const lightness = uniform(darkest, lightest) - luma(tint);
      return tint.map((value) => value + lightness);
    },
  );
  const [ground] = colors.splice(Math.floor(uniform(0, 3)), 1);
  return uniform(0, 1) < 0.5
    ? [ground, ...colors]
    : [ground, ...colors.reverse()];
}

function luma([red, green, blue]: Color): number {
  return 0.299 * red + 0.587 * green + 0.114 * blue;
}

/** A slope with clouds on it: what to add to the background at each pixel. */
function drawClouds(uniform: Uniform): (x: number, y: number) => number {
  const [slopeX, slopeY] = [uniform(-0.04, 0.04), uniform(-0.04, 0.04)];
  const knots = Array.from(
    { length: KNOTS * KNOTS },
    (_, i) =>
      uniform(-0.13, 0.13) + slopeX * (i % KNOTS - KNOTS / 2) +
      slopeY * (Math.floor(i / KNOTS) - KNOTS / 2),
  );
  return (x, y) => {
    const column = x * (KNOTS - 1) / IMAGE_SIZE;
    const row = y * (KNOTS - 1) / IMAGE_SIZE;
    const corner = Math.floor(row) * KNOTS + Math.floor(column);
    const upper = mix(knots[corner], knots[corner + 1], column % 1);
    const lower = mix(
      knots[corner + KNOTS],
      knots[corner + KNOTS + 1],
      column % 1,
    );
    return mix(upper, lower, row % 1);
  };
}

function mix(a: number, b: number, share: number): number {
  return a + (b - a) * share;
}
