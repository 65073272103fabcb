import type { Parts } from "./call.ts";

/** Work, in multiply-adds or elements, below which waking all threads costs more than it gains. */
export const MIN_PARALLEL_WORK = 16384;

/** From which unit up to which a thread works. */
export type Range = readonly [start: number, end: number];

/**
 * Cuts `units` into at most one range per thread, as equal as multiples of `grain` allow. Threads
 * that are left over get none.
 */
export function partition(
  units: number,
  grain: number,
  threads: number,
): (Range | undefined)[] {
  const step = Math.ceil(units / (threads * grain)) * grain;
  return Array.from({ length: threads }, (_, thread) => {
    const start = thread * step;
    return start < units ? [start, Math.min(start + step, units)] : undefined;
  });
}

/** One call for each thread that has a range; `complete` makes its arguments. */
export function callPerRange(
  ranges: readonly (Range | undefined)[],
  complete: (range: Range) => readonly number[] = (range) => range,
): Parts[] {
  return ranges.map((range) => range ? [complete(range)] : []);
}

/** One call for each thread. */
export function callPerThread(
  threads: number,
  complete: (thread: number) => readonly number[],
): Parts[] {
  return Array.from({ length: threads }, (_, thread) => [complete(thread)]);
}
