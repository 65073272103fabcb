import { uniformFloat32 } from "pure-rand/distribution/uniformFloat32";
import type { RandomGenerator } from "pure-rand/types/RandomGenerator";

/** Height and width of a drawn image in pixels. */
export const IMAGE_SIZE = 32;

/** Tells whether a point belongs to a region of the plane. */
export type Region = (x: number, y: number) => boolean;

/** What is drawn in the foreground. */
export interface Figure {
  /** The outline about the origin, within a radius of {@linkcode EXTENT}; drawn at any angle and scale. */
  readonly shape: Region;
  /** Which points have the first of two colours, in pixels; drawn at any angle and offset. */
  readonly texture: Region;
}

/** Colour as red, green, blue in 0 to 1. */
type Color = readonly [number, number, number];

/** Points on each side of a pixel that are averaged. */
const SAMPLES = 2;

/** Radius that holds every shape. */
const EXTENT = 1.3;

/** Knots on each side of the grid that the background's clouds are interpolated from. */
const KNOTS = 6;

/**
 * Draws `figure` before a background into `target`, `[3, 32, 32]`. Place, scale, angles and all
 * colours are drawn from `random`; figure and background always differ in lightness.
 */
export function drawImage(target: Uint8Array, figure: Figure, random: RandomGenerator): void {
  const uniform = (low: number, high: number) => low + (high - low) * uniformFloat32(random);
  const [ground, first, second] = threeLightnesses(uniform).map((lightness) => tint(lightness, uniform));
  const clouds = Array.from({length: KNOTS*KNOTS}, () => uniform(-0.13, 0.13));
  const radius = uniform(8.5, 12.5);
  const reach = radius - 2;
  const slack = IMAGE_SIZE / 2 - reach
  const centreX = IMAGE_SIZE/2 + uniform(-3.5, 3.5), centreY = IMAGE_SIZE/2 + uniform(-3.5, 3.5);
  const shapeAngle = uniform(-0.4, 0.4), textureAngle = uniform(-0.4, 0.4);
  const offsetX = uniform(0, 8), offsetY = uniform(0, 8);
  const slopeX = uniform(-0.006, 0.006), slopeY = uniform(-0.006, 0.006);
  const sc = Math.cos(shapeAngle)/radius, ss = Math.sin(shapeAngle)/radius, tc = Math.cos(textureAngle), ts = Math.sin(textureAngle);
  const area = IMAGE_SIZE*IMAGE_SIZE;
  for (let y = 0; y < IMAGE_SIZE; y++) for (let x = 0; x < IMAGE_SIZE; x++) {
    let a = 0, b = 0;
    for (let sy = 0; sy < SAMPLES; sy++) for (let sx = 0; sx < SAMPLES; sx++) {
      const dx = x + (sx+0.5)/SAMPLES - centreX, dy = y + (sy+0.5)/SAMPLES - centreY;
      if (dx*dx+dy*dy > radius*radius*EXTENT*EXTENT) continue;
      if (!figure.shape(sc*dx + ss*dy, sc*dy - ss*dx)) continue;
      if (figure.texture(tc*dx + ts*dy + offsetX, tc*dy - ts*dx + offsetY)) a++; else b++;
    }
    const wa = a / SAMPLES**2, wb = b/SAMPLES**2, wg = 1 - wa - wb;
    const shade = cloud(clouds, x, y) + slopeX*(x-16) + slopeY*(y-16);
    for (let c = 0; c < 3; c++) {
      const v = wg*(ground[c]+shade) + wa*first[c] + wb*second[c] + (uniformFloat32(random)-0.5)*0.06;
      target[c*area + y*IMAGE_SIZE + x] = Math.max(0, Math.min(255, Math.round(255*v)));
    }
  }
}

function cloud(clouds: number[], x: number, y: number): number {
  const gx = x*(KNOTS-1)/IMAGE_SIZE, gy = y*(KNOTS-1)/IMAGE_SIZE, ix = gx|0, iy = gy|0, fx = gx-ix, fy = gy-iy, o = iy*KNOTS+ix;
  return (clouds[o]*(1-fx)+clouds[o+1]*fx)*(1-fy)+(clouds[o+KNOTS]*(1-fx)+clouds[o+KNOTS+1]*fx)*fy;
}
function threeLightnesses(uniform: (l:number,h:number)=>number): number[] {
  const l = [uniform(0.15,0.3), uniform(0.43,0.57), uniform(0.7,0.85)];
  const i = Math.floor(uniform(0,3)); [l[0], l[i]] = [l[i], l[0]];
  if (uniform(0,1)<.5) [l[1],l[2]]=[l[2],l[1]];
  return l;
}
function tint(l: number, uniform: (l:number,h:number)=>number): Color {
  const r = uniform(-.15,.15), g = uniform(-.15,.15), b = uniform(-.15,.15), m = .3*r+.59*g+.11*b;
  return [l+r-m, l+g-m, l+b-m];
}
