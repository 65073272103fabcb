import { assertEquals } from "@std/assert";
import { Agreement } from "../../../train/distributed/agreement.ts";
import { localCommunicators } from "../../engine/local_communicators.ts";

Deno.test("Agreement: all stop when one is asked to, read when rank 0 does, and know who waits least", async () => {
  const waits = [30, 10, 20];
  const agreements = localCommunicators(3).map((communicator, rank) => ({
    rank,
    agreement: new Agreement({ ...communicator, milliseconds: waits[rank] }),
  }));
  const renew = (stopping: number | undefined, reading: number) =>
    Promise.all(
      agreements.map(({ rank, agreement }) =>
        agreement.renew(rank === stopping, rank === reading)
      ),
    );
  await renew(undefined, 2);
  for (const { agreement } of agreements) {
    assertEquals(agreement.stoppedBy, undefined);
    assertEquals([agreement.reads, agreement.slowest], [false, 1]);
  }
  await renew(2, 0);
  for (const { agreement } of agreements) {
    assertEquals([agreement.reads, agreement.stoppedBy], [true, 2]);
  }
});
