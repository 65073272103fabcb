/** Shape of the learning rate over a run. */
export interface ScheduleOptions {
  /** The highest learning rate. */
  readonly learningRate: number;
  /** Steps of the linear rise to it. */
  readonly warmupSteps: number;
  /** Number of steps of the run. */
  readonly steps: number;
}

/**
 * One cycle: a linear rise, then half a cosine down to 0 (Loshchilov and Hutter 2017).
 *
 * @param step the step to be taken, from 0
 */
export function learningRateAt(
  step: number,
  { learningRate, warmupSteps, steps }: ScheduleOptions,
): number {
  if (step < warmupSteps) return learningRate * (step + 1) / warmupSteps;
  const progress = (step - warmupSteps) / Math.max(steps - warmupSteps, 1);
  return learningRate * 0.5 * (1 + Math.cos(Math.PI * Math.min(progress, 1)));
}
