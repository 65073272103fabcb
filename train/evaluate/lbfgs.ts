import { ROUNDING } from "./rounding.ts";

/** What a function is at a point. */
export interface Evaluation {
  /** Its value. */
  readonly value: number;
  /** Its gradient, as long as the point. */
  readonly gradient: Float64Array;
}

/** When {@linkcode minimize} stops. */
export interface StoppingRule {
  /** Where no component of the gradient is larger in size than this. */
  readonly tolerance: number;
  /** Maximum number of steps, each of which takes one evaluation or a few. */
  readonly maxSteps: number;
}

/** Steps from which the curvature is estimated. */
const HISTORY = 10;
/** Evaluations along one direction; if none of them is good, rounding hides any further progress. */
const MAX_TRIALS = 20;
/** Weak Wolfe conditions (Nocedal and Wright 2006, section 3.1): shares by which value and slope must fall. */
const SUFFICIENT_DECREASE = 1e-4;
const SUFFICIENT_CURVATURE = 0.9;

/** A step taken, and by what it changed the gradient. */
interface Pair {
  readonly step: Float64Array;
  readonly change: Float64Array;
  /** Inner product of the two. */
  readonly curvature: number;
}

/**
 * Minimises a smooth convex function by L-BFGS (Nocedal and Wright 2006, algorithm 7.5) with a line
 * search by bisection (Lewis and Overton 2013).
 *
 * @param evaluate The function; its values may be rounded to float32.
 * @param start Where to begin.
 * @returns The last point, which has the lowest value but for rounding.
 */
export async function minimize(
  evaluate: (point: Float64Array) => Promise<Evaluation>,
  start: Float64Array,
  { tolerance, maxSteps }: StoppingRule,
): Promise<Float64Array> {
  const history: Pair[] = [];
  let point = start;
  let here = await evaluate(point);
  for (let steps = 0; steps < maxSteps; steps++) {
    if (here.gradient.every((slope) => Math.abs(slope) <= tolerance)) break;
    const direction = descentDirection(here.gradient, history);
    // the first direction does not say how far to go
    const rate = history.length > 0
      ? 1
      : Math.min(1, 1 / Math.sqrt(dot(direction, direction)));
    const next = await search(evaluate, point, here, direction, rate);
    if (!next) break;
    remember(history, point, here, next);
    ({ point, here } = next);
  }
  return point;
}

interface Place {
  readonly point: Float64Array;
  readonly here: Evaluation;
}

/** A point along the direction that meets the weak Wolfe conditions; `undefined` if rounding hides them all. */
async function search(
  evaluate: (point: Float64Array) => Promise<Evaluation>,
  from: Float64Array,
  { value, gradient }: Evaluation,
  direction: Float64Array,
  firstRate: number,
): Promise<Place | undefined> {
  const slope = dot(direction, gradient);
  const margin = ROUNDING * Math.abs(value);
  let [low, high] = [0, Infinity];
  let rate = firstRate;
  for (let trial = 0; trial < MAX_TRIALS; trial++) {
    const point = combine(from, rate, direction);
    const here = await evaluate(point);
    const bound = value + SUFFICIENT_DECREASE * rate * slope + margin;
    if (!(here.value <= bound)) high = rate;
    else if (dot(direction, here.gradient) < SUFFICIENT_CURVATURE * slope) {
      low = rate;
    } else return { point, here };
    rate = high < Infinity ? (low + high) / 2 : 2 * low;
  }
  return undefined;
}

/** Minus the gradient times an estimate of the inverse Hessian (two-loop recursion). */
function descentDirection(
  gradient: Float64Array,
  history: readonly Pair[],
): Float64Array {
  let direction: Float64Array = gradient.map((slope) => -slope);
  const shares = new Map<Pair, number>();
  for (const pair of history.toReversed()) {
    const share = dot(pair.step, direction) / pair.curvature;
    shares.set(pair, share);
    direction = combine(direction, -share, pair.change);
  }
  const last = history.at(-1);
  if (last) {
    const scale = last.curvature / dot(last.change, last.change);
    direction = direction.map((value) => scale * value);
  }
  for (const pair of history) {
    const share = dot(pair.change, direction) / pair.curvature;
    direction = combine(direction, shares.get(pair)! - share, pair.step);
  }
  return direction;
}

function remember(
  history: Pair[],
  from: Float64Array,
  before: Evaluation,
  { point, here }: Place,
): void {
  const step = combine(point, -1, from);
  const change = combine(here.gradient, -1, before.gradient);
  const curvature = dot(step, change);
  // above 0 in a strictly convex function, but for rounding
  if (!(curvature > 0)) return;
  history.push({ step, change, curvature });
  if (history.length > HISTORY) history.shift();
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** `a + factor * b` */
function combine(
  a: Float64Array,
  factor: number,
  b: Float64Array,
): Float64Array {
  const result = new Float64Array(a.length);
  for (let i = 0; i < a.length; i++) result[i] = a[i] + factor * b[i];
  return result;
}
