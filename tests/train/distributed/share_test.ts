import { assert, assertEquals } from "@std/assert";
import { UserError } from "../../../engine/user_error.ts";
import { Agreement } from "../../../train/distributed/agreement.ts";
import { checkSame, shareJson } from "../../../train/distributed/share.ts";
import { localCommunicators } from "../../engine/local_communicators.ts";

Deno.test("shareJson: gives all ranks what rank 0 has", async () => {
  const value = { text: "Größe", list: [1, null] };
  const shared = await Promise.all(
    localCommunicators(3).map((communicator) =>
      shareJson(communicator.rank === 0 ? value : undefined, communicator)
    ),
  );
  assertEquals(shared, [value, value, value]);
});

Deno.test("checkSame: a bit that differs ends all ranks with the name of one", async () => {
  const check = (changed?: number) =>
    Promise.allSettled(
      localCommunicators(3).map((communicator) => {
        // 0 and -0 are equal, and other bits
        const zero = communicator.rank === changed ? -0 : 0;
        const data = Float32Array.of(1, zero);
        return checkSame({ w: { shape: [2], data } }, communicator, 7);
      }),
    );
  for (const { status } of await check()) assertEquals(status, "fulfilled");
  for (const result of await check(2)) {
    assert(result.status === "rejected");
    assert(result.reason instanceof UserError);
    assert(
      result.reason.message.startsWith(
        "after step 7 rank 2 has other weights than rank 0; ",
      ),
    );
  }
});

Deno.test("Agreement: all stop when one is told to, read when rank 0 does, and know who waits least", async () => {
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
