import type { Contender } from "./work.ts";

/** How long one measurement takes, at least. */
const ROUND_SECONDS = 0.2;
const ROUNDS = 5;
/** Fewer rounds where one takes long. */
const SLOW_ROUNDS = 3;
const SLOW_SECONDS = 1.5;
/** Threads of some peers keep looking for work for a while after a round. */
const PAUSE_MS = 50;

/** Seconds that doing the work once takes. */
export type Seconds = number;

/** Measures contenders in turns; the median of several rounds each. */
export async function measure(
  ...contenders: readonly Contender[]
): Promise<Seconds[]> {
  const times: number[] = [];
  let slowest = 0;
  for (const contender of contenders) {
    const first = await secondsOf(contender, 1);
    // what takes so long needs no second call to be warm
    const once = first > SLOW_SECONDS ? first : await secondsOf(contender, 1);
    times.push(await timesFor(contender, once));
    slowest = Math.max(slowest, once);
  }
  const measured: Seconds[][] = contenders.map(() => []);
  const rounds = slowest > SLOW_SECONDS ? SLOW_ROUNDS : ROUNDS;
  for (let round = 0; round < rounds; round++) {
    for (const [i, contender] of contenders.entries()) {
      measured[i].push(await secondsOf(contender, times[i]) / times[i]);
    }
  }
  return measured.map(median);
}

/**
 * How often the work is repeated in a round, doubled until the round is long: a single run may be for
 * the most part the wait at its end, since Deno looks only every 10 ms whether a GPU is done.
 */
async function timesFor(contender: Contender, once: Seconds): Promise<number> {
  let times = 1;
  for (let taken = once; taken < ROUND_SECONDS;) {
    times *= 2;
    taken = await secondsOf(contender, times);
  }
  return times;
}

async function secondsOf(contender: Contender, times: number): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  const start = performance.now();
  await contender.run(times);
  return (performance.now() - start) / 1000;
}

/** The middle one of an odd number of values. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

/**
 * Says how two results differ, if they do.
 *
 * @param tolerance largest difference, relative to the largest magnitude
 */
export function disagreement(
  ours: ArrayLike<number>,
  theirs: ArrayLike<number>,
  tolerance: number,
): string | undefined {
  if (ours.length !== theirs.length) {
    return `${ours.length} values against ${theirs.length}`;
  }
  let [largest, difference, place] = [0, 0, 0];
  for (let i = 0; i < ours.length; i++) {
    const distance = Math.abs(ours[i] - theirs[i]);
    largest = Math.max(largest, Math.abs(theirs[i]));
    if (distance > difference) [difference, place] = [distance, i];
    if (Number.isNaN(distance)) return at(i);
  }
  return difference <= tolerance * largest ? undefined : at(place);

  function at(i: number): string {
    return `value ${i} is ${ours[i]} against ${theirs[i]}`;
  }
}
