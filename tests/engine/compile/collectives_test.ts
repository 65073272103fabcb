import { assert, assertEquals } from "@std/assert";
import { schedule } from "../../../engine/compile/schedule.ts";
import { gradient } from "../../../engine/graph/gradient.ts";
import { input, Storage } from "../../../engine/graph/tensor.ts";
import { allReduce } from "../../../engine/ops/collective.ts";
import { matmul } from "../../../engine/ops/contraction.ts";
import { relu, square } from "../../../engine/ops/elementwise.ts";
import { concatenate, reshape } from "../../../engine/ops/movement.ts";
import { mean } from "../../../engine/ops/reduction.ts";
import { localCommunicators } from "../local_communicators.ts";

const [communicator] = localCommunicators(2);

/** Kinds of the kernels of four layers' backward pass with an exchange of the gradients of each two. */
function kindsOfBackward(): string[] {
  const weights = Array.from(
    { length: 4 },
    (_, i) => new Storage(`w${i}`, 64 * 64).tensor([64, 64]),
  );
  let x = input("x", [64, 64]);
  for (const weight of weights) x = relu(matmul(x, weight));
  const gradients = gradient(mean(square(x)), weights)
    .map((slope) => reshape(slope, [slope.size]));
  const outputs = [gradients.slice(0, 2), gradients.slice(2)].map((bucket) =>
    allReduce(concatenate(bucket), communicator)
  );
  return schedule(outputs, [], { maxReads: 7 }).dispatches
    .map(({ kernel }) => kernel.kind);
}

Deno.test("startCollectivesEarly: what is known first travels while the rest is computed", () => {
  const kinds = kindsOfBackward();
  const first = kinds.indexOf("collective");
  const between = kinds.slice(first + 1, kinds.lastIndexOf("collective"));
  assert(between.filter((kind) => kind === "matmul").length >= 3, `${kinds}`);
});

Deno.test("withWaits: each exchange is waited for once, the first after the last has begun", () => {
  const kinds = kindsOfBackward();
  const exchanges = kinds.filter((kind) =>
    kind === "collective" || kind === "wait"
  );
  assertEquals(exchanges, ["collective", "collective", "wait", "wait"]);
});
