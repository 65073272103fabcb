import { assert, assertEquals } from "@std/assert";
import type { Buffer, Schedule } from "../../../engine/compile/kernel.ts";
import {
  bytesOf,
  planMemory,
  wholeOf,
} from "../../../engine/compile/memory.ts";
import { schedule } from "../../../engine/compile/schedule.ts";
import { gradient } from "../../../engine/graph/gradient.ts";
import { input, Storage } from "../../../engine/graph/tensor.ts";
import { allReduce } from "../../../engine/ops/collective.ts";
import { matmul } from "../../../engine/ops/matmul.ts";
import { relu, square } from "../../../engine/ops/elementwise.ts";
import { concatenate, reshape } from "../../../engine/ops/movement.ts";
import { mean } from "../../../engine/ops/reduction.ts";
import { localCommunicators } from "../local_communicators.ts";

const [communicator] = localCommunicators(2);

/** Four layers' backward pass with an exchange of the gradients of each two. */
function backward(): Schedule {
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
  return schedule(outputs, [], { maxReads: 7 });
}

function kindsOfBackward(): string[] {
  return backward().dispatches.map(({ kernel }) => kernel.kind);
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

Deno.test("withWaits: what travels is overwritten by nothing until it has arrived", () => {
  const { dispatches, offsets } = planMemory(backward(), {
    alignment: 256,
    maxBufferBytes: 2 ** 20,
    maxBlockBytes: 2 ** 20,
    maxBuffersPerKernel: 8,
  });
  const rangeOf = (part: Buffer) => {
    const { buffer, offset } = wholeOf(part);
    const start = offsets.get(buffer)! + 4 * offset;
    return { start, end: start + bytesOf(part) };
  };
  let kernels = 0;
  dispatches.forEach(({ kernel, inputs, output }, begin) => {
    if (kernel.kind !== "collective") return;
    const end = dispatches.findIndex((wait) =>
      wait.kernel.kind === "wait" && wait.output === output
    );
    const [sent, received] = [rangeOf(inputs[0]), rangeOf(output)];
    for (const between of dispatches.slice(begin + 1, end)) {
      const written = rangeOf(between.output);
      for (const { start, end } of [sent, received]) {
        assert(written.end <= start || end <= written.start);
      }
      kernels++;
    }
  });
  assert(kernels > 4);
});
