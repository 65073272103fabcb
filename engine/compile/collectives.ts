import { definitionOf } from "../graph/operations.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { Buffer, Dispatch } from "./kernel.ts";
import { wholeOf } from "./memory.ts";

/**
 * Orders nodes so that each exchange between processes begins as soon as its input is known, and
 * travels while the rest is computed. Without exchanges the order stays.
 */
export function startCollectivesEarly(
  nodes: readonly Tensor[],
): readonly Tensor[] {
  if (!nodes.some(({ operation }) => operation.kind === "collective")) {
    return nodes;
  }
  const times = new Map<Tensor, number>();
  const timeOf = (node: Tensor) => times.get(node)!;
  nodes.forEach((node, i) =>
    times.set(
      node,
      isImmediate(node) ? Math.max(...node.inputs.map(timeOf)) : i,
    )
  );
  return nodes.toSorted((a, b) => timeOf(a) - timeOf(b));
}

/** Whether a node comes right after the last of its inputs: exchanges, and what lays out their input. */
function isImmediate({ operation }: Tensor): boolean {
  const { role } = definitionOf(operation);
  return operation.kind === "collective" || role === "movement" ||
    role === "assembly";
}

/** Inserts a wait for each exchange before the first kernel that needs its result, or at the end. */
export function withWaits(dispatches: readonly Dispatch[]): Dispatch[] {
  const result: Dispatch[] = [];
  let pending: Dispatch[] = [];
  for (const dispatch of dispatches) {
    const touched = [...dispatch.inputs, dispatch.output];
    const isNeeded = ({ output }: Dispatch) =>
      touched.some((buffer) => overlap(buffer, output));
    result.push(...pending.filter(isNeeded).map(waitFor), dispatch);
    pending = pending.filter((other) => !isNeeded(other));
    if (dispatch.kernel.kind === "collective") pending.push(dispatch);
  }
  return [...result, ...pending.map(waitFor)];
}

/** Reads what the exchange reads, so that it stays in place until then. */
function waitFor({ inputs, output }: Dispatch): Dispatch {
  return { kernel: { kind: "wait" }, inputs: [...inputs, output], output };
}

function overlap(a: Buffer, b: Buffer): boolean {
  const [x, y] = [wholeOf(a), wholeOf(b)];
  return x.buffer === y.buffer && x.offset < y.offset + b.size &&
    y.offset < x.offset + a.size;
}
