import { assert } from "@std/assert";
import { stampsOf } from "../../datasets/file_stamps.ts";
import { seenByTimers } from "./seen_by_timers.ts";

Deno.test("stampsOf: lets timers and signals through while it looks at many files", async () => {
  const names = Array.from({ length: 10_000 }, (_, i) => `${i}.png`);
  const { statSync } = Deno;
  let looked = 0;
  Deno.statSync = (path) => {
    looked++;
    return statSync(path);
  };
  try {
    const seen = await seenByTimers(
      () => stampsOf("missing", names),
      () => looked,
    );
    assert(seen.some((count) => count > 0 && count < names.length), `${seen}`);
  } finally {
    Deno.statSync = statSync;
  }
});
