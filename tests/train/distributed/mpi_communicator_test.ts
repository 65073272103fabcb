import { assertEquals } from "@std/assert";
import { outputOf } from "../cli/command.ts";
import { denoRun, launch, testOnMpi } from "./mpi.ts";

testOnMpi(
  "MpiCommunicator: two and three processes exchange numbers",
  async (name) => {
    for (const size of [2, 3]) {
      const script = "tests/train/distributed/fixtures/exchanges.ts";
      const { code, stdout, stderr } = await outputOf(
        launch(name, size, ...denoRun(["--allow-ffi", "--allow-env"], script)),
      );
      assertEquals(code, 0, stderr);
      const ranks = Array.from({ length: size }, (_, rank) => rank);
      const total = Array.from(
        { length: 2 * size },
        (_, i) => ranks.reduce((sum, rank) => sum + rank + i, 0),
      );
      const lines = stdout.trim().split("\n").map((line) => JSON.parse(line));
      assertEquals(
        lines.toSorted((a, b) => a.rank - b.rank),
        ranks.map((rank) => ({
          ...{ name, rank, size, total },
          whole: ranks.map((rank) => 10 * rank),
          part: total.slice(2 * rank, 2 * rank + 2),
          ofFirst: 5,
        })),
      );
    }
  },
);
