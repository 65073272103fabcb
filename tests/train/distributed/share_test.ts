import { assert, assertEquals } from "@std/assert";
import { UserError } from "../../../engine/user_error.ts";
import {
  checkSame,
  gatherJson,
  shareJson,
} from "../../../train/distributed/share.ts";
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

Deno.test("gatherJson: gives all ranks what each has, however long", async () => {
  const values = ["", { text: "Größe" }, null];
  const gathered = await Promise.all(
    localCommunicators(3).map((communicator) =>
      gatherJson(values[communicator.rank], communicator)
    ),
  );
  assertEquals(gathered, [values, values, values]);
});

Deno.test("checkSame: a bit that differs ends all ranks with the names of one and of the tensor", async () => {
  const check = (changed?: number) =>
    Promise.allSettled(
      localCommunicators(3).map((communicator) => {
        // 0 and -0 are equal, and other bits
        const zero = communicator.rank === changed ? -0 : 0;
        const data = Float32Array.of(1, zero);
        const same = { shape: [1], data: Float32Array.of(3) };
        return checkSame(
          { bias: same, w: { shape: [2], data } },
          communicator,
          7,
        );
      }),
    );
  for (const { status } of await check()) assertEquals(status, "fulfilled");
  for (const result of await check(2)) {
    assert(result.status === "rejected");
    assert(result.reason instanceof UserError);
    assert(
      result.reason.message.startsWith(
        "after step 7 rank 2 has other values in w than rank 0; ",
      ),
    );
  }
});
