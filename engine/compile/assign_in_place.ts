import type { Storage } from "../graph/tensor.ts";
import { inOrder } from "./expression.ts";
import type { Buffer, Dispatch } from "./kernel.ts";
import { wholeOf } from "./memory.ts";

/** A storage and the buffer that holds its new content. */
export interface BufferAssignment {
  /** What is overwritten. */
  readonly storage: Storage;
  /** What holds the new content, or an old one of a storage. */
  readonly source: Buffer;
}

/**
 * Lets kernels write assigned values straight into their storage where that is safe, and copies
 * the others at the end.
 */
export function assignInPlace(
  dispatches: readonly Dispatch[],
  assignments: readonly BufferAssignment[],
  outputs: readonly Buffer[],
): { dispatches: Dispatch[]; outputs: Buffer[] } {
  const replaced = new Map<Buffer, Buffer>();
  // old values of storages, before any kernel may overwrite them
  const savedBefore: Dispatch[] = [];
  // values that a kernel has written into another storage, before a copy may overwrite that
  const savedAfter: Dispatch[] = [];
  const copies: Dispatch[] = [];
  const save = (buffer: Buffer, dispatches: Dispatch[]): Buffer => {
    const { size, dtype, label } = buffer;
    const copy: Buffer = { size, dtype, label: `copy of ${label}` };
    dispatches.push({
      kernel: { kind: "copy" },
      inputs: [buffer],
      output: copy,
    });
    return copy;
  };
  // all before the first copy, which may be of what was written in place
  const copied = assignments.filter(({ storage, source }) => {
    const inPlace = isSafeInPlace(dispatches, source, storage) &&
      !replaced.has(source);
    if (inPlace) replaced.set(source, stateBuffer(storage));
    return !inPlace;
  });
  for (const { storage, source } of copied) {
    const target = stateBuffer(storage);
    let from = replaced.get(source) ?? source;
    if (from.state || from.input) {
      from = save(from, source.state ? savedBefore : savedAfter);
    }
    copies.push({ kernel: { kind: "copy" }, inputs: [from], output: target });
  }
  const assigned = new Set(assignments.map(({ storage }) => storage));
  // an output that is a storage itself is its value before the step
  const results = outputs.map((buffer) =>
    buffer.state && assigned.has(buffer.state.storage)
      ? save(buffer, savedBefore)
      : replaced.get(buffer) ?? buffer
  );
  const replace = (buffer: Buffer) => replaced.get(buffer) ?? buffer;
  const rewritten = dispatches.map(({ kernel, inputs, output }) => ({
    kernel,
    inputs: inputs.map(replace),
    output: replace(output),
  }));
  return {
    dispatches: [...savedBefore, ...rewritten, ...savedAfter, ...copies],
    outputs: results,
  };
}

function stateBuffer(storage: Storage): Buffer {
  const { size, dtype, name } = storage;
  return { size, dtype, label: `state ${name}`, state: { storage, offset: 0 } };
}

/** Whether the kernel that makes `source` may overwrite `storage`: nothing reads the old value later. */
function isSafeInPlace(
  dispatches: readonly Dispatch[],
  source: Buffer,
  storage: Storage,
): boolean {
  if (source.state || source.input || source.parent) return false;
  const writers = dispatches.flatMap(({ output }, i) =>
    output === source ? [i] : []
  );
  const isWrittenInParts = dispatches.some(({ output }) =>
    output !== source && wholeOf(output).buffer === source
  );
  if (writers.length !== 1 || isWrittenInParts) return false;
  const readsOld = ({ inputs }: Dispatch) =>
    inputs.some((buffer) => buffer.state?.storage === storage);
  if (dispatches.slice(writers[0] + 1).some(readsOld)) return false;
  const writer = dispatches[writers[0]];
  return !readsOld(writer) || isElementByElement(writer, storage);
}

/** Whether a kernel reads a storage only at the element that it writes. */
function isElementByElement(
  { kernel, inputs }: Dispatch,
  storage: Storage,
): boolean {
  if (kernel.kind !== "fused" || kernel.reduction) return false;
  return inputs.every((buffer, input) => {
    if (buffer.state?.storage !== storage) return true;
    if (buffer.size !== storage.size) return false;
    return inOrder(kernel.body).every((expression) =>
      expression.kind !== "load" || expression.input !== input ||
      JSON.stringify(expression.view) === JSON.stringify(kernel.output)
    );
  });
}
