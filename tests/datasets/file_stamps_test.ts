import { stampsOf } from "../../datasets/file_stamps.ts";
import { assertTimersBetweenFiles } from "./seen_by_timers.ts";

Deno.test("stampsOf: lets timers and signals through while it looks at many files", () =>
  assertTimersBetweenFiles(stampsOf));
