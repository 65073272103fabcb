import type { Buffer, Dispatch } from "../../compile/kernel.ts";
import { wholeOf } from "../../compile/memory.ts";
import {
  FunctionBody,
  type FunctionReference,
  ModuleWriter,
} from "./assembler.ts";
import { type Argument, SHARED } from "./calls/call.ts";
import { callsOf } from "./calls/calls.ts";
import { writeFused } from "./fused.ts";
import { BARRIER_ADDRESS } from "./heap.ts";
import { parameterCounts } from "./kernel_interface.generated.ts";

/** Where a buffer lies: at an absolute address, or at an offset in the arena. */
export interface Address {
  readonly inArena: boolean;
  readonly byte: number;
}

/**
 * Writes the module of a program: one function per distinct fused kernel, and for each thread a
 * function `run0`, `run1`, ... that makes that thread's calls in order. Its parameters are the
 * dispatches to run, `from <= i < to`, and the addresses of the arena and of the memory that the calls
 * of one dispatch share.
 */
export function writeProgram(
  dispatches: readonly Dispatch[],
  threads: number,
  addressOf: (buffer: Buffer) => Address,
): Uint8Array<ArrayBuffer> {
  const module = new ModuleWriter();
  const calls = dispatches.map((dispatch) => callsOf(dispatch, threads));
  const kernels = importKernels(
    module,
    calls.flat().map((call) => call.target),
  );
  const fused = addFusedKernels(module, dispatches);
  for (let thread = 0; thread < threads; thread++) {
    const [from, to, arena, shared] = [0, 1, 2, 3];
    const body = new FunctionBody(4);
    const push = (argument: Argument) => {
      if (typeof argument === "number") return body.i32(argument);
      if (argument === SHARED) return body.get(shared);
      const { buffer, offset } = wholeOf(argument);
      const { inArena, byte } = addressOf(buffer);
      body.i32(byte + offset * 4);
      if (inArena) body.get(arena).op("i32.add");
    };
    let onOneThread = false;
    dispatches.forEach((dispatch, i) => {
      body.i32(i).get(from).op("i32.ge_u").i32(i).get(to).op("i32.lt_u")
        .op("i32.and");
      body.if(() => {
        for (const call of calls[i]) {
          const wasOnOneThread = onOneThread;
          onOneThread = call.parts.filter((parts) =>
            parts.length > 0
          ).length === 1;
          // calls of one thread alone, the first, follow each other without a barrier
          if (!(onOneThread && wasOnOneThread)) {
            body.i32(BARRIER_ADDRESS).i32(threads).call(
              kernels.get("barrier")!,
            );
          }
          for (const part of call.parts[thread] ?? []) {
            call.arguments.forEach(push);
            part.forEach(push);
            body.call(
              call.target === "fused"
                ? fused.get(dispatch)!
                : kernels.get(call.target)!,
            );
          }
        }
      });
    });
    module.export(`run${thread}`, module.add(body));
  }
  return module.encode();
}

/** Imports the hand-written kernels among `targets`, and the barrier. */
function importKernels(
  module: ModuleWriter,
  targets: readonly (keyof typeof parameterCounts | "fused")[],
): Map<string, FunctionReference> {
  const kernels = new Map<string, FunctionReference>();
  for (const name of new Set([...targets, "barrier" as const])) {
    if (name !== "fused") {
      kernels.set(name, module.import(name, parameterCounts[name]));
    }
  }
  return kernels;
}

/** One function for each distinct fused kernel, by the dispatches that call it. */
function addFusedKernels(
  module: ModuleWriter,
  dispatches: readonly Dispatch[],
): Map<Dispatch, FunctionReference> {
  const byContent = new Map<string, FunctionReference>();
  const byDispatch = new Map<Dispatch, FunctionReference>();
  for (const dispatch of dispatches) {
    const { kernel, inputs } = dispatch;
    if (kernel.kind !== "fused") continue;
    const content = JSON.stringify([kernel, inputs.length], exactNumber);
    const known = byContent.get(content) ??
      module.add(writeFused(kernel, inputs.length));
    byContent.set(content, known);
    byDispatch.set(dispatch, known);
  }
  return byDispatch;
}

/** Replacer for numbers that JSON does not tell apart: -0, the infinities and NaN. */
function exactNumber(_key: string, value: unknown): unknown {
  const lost = Object.is(value, -0) ||
    (typeof value === "number" && !Number.isFinite(value));
  return lost ? `${1 / Number(value)} ${value}` : value;
}
