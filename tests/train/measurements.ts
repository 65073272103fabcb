import {
  type MetricsRecord,
  readMetrics,
} from "../../train/run/metrics_file.ts";

/** What a run has measured, without what depends on the clock. */
export async function measurementsOf(path: string): Promise<MetricsRecord[]> {
  return (await readMetrics(path)).map((
    { time: _time, imagesPerSecond: _speed, ...measured },
  ) => measured);
}
