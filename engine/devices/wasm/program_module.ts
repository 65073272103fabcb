import type { Buffer, Dispatch } from "../../compile/kernel.ts";
import { wholeOf } from "../../compile/memory.ts";
import { callsOf, type KernelName, kernelParameters, SHARED } from "./calls.ts";
import { FunctionBody, ModuleWriter } from "./assembler.ts";
import { writeFused } from "./fused.ts";

/** Where a buffer lies: at an absolute address, or at an offset in the arena. */
export interface Address {
  readonly inArena: boolean;
  readonly byte: number;
}

/** Address of the two words that the threads' barrier uses. */
export const BARRIER_ADDRESS = 1024;

/**
 * Writes the module of a program: one function per distinct fused kernel, and for each thread a
 * function `run0`, `run1`, ... that calls all kernels in order for that thread's part of the work.
 * Its parameters are the first and the last dispatch to run, and the addresses of the arena and of the
 * memory that the calls of one dispatch share.
 */
export function writeProgram(
  dispatches: readonly Dispatch[],
  threads: number,
  addressOf: (buffer: Buffer) => Address,
): Uint8Array<ArrayBuffer> {
  const module = new ModuleWriter();
  const names = Object.keys(kernelParameters) as KernelName[];
  const imports = Object.fromEntries(
    names.map((name) => [name, module.import(name, kernelParameters[name])]),
  ) as Record<KernelName, number>;
  const fused = new Map<string, number>();
  const calls = dispatches.map((dispatch) =>
    callsOf(dispatch, threads).map((call) => ({
      call,
      target: call.target === "fused"
        ? fusedFunction(dispatch)
        : imports[call.target],
    }))
  );

  function fusedFunction({ kernel, inputs }: Dispatch): number {
    if (kernel.kind !== "fused") {
      throw new TypeError(`${kernel.kind} is not a fused kernel`);
    }
    const key = JSON.stringify([kernel, inputs.length]);
    let index = fused.get(key);
    if (index === undefined) {
      index = module.add(
        1 + inputs.length + 4,
        writeFused(kernel, inputs.length),
      );
      fused.set(key, index);
    }
    return index;
  }

  for (let thread = 0; thread < threads; thread++) {
    const [from, to, arena, shared] = [0, 1, 2, 3];
    const body = new FunctionBody(4);
    const push = (argument: Buffer | typeof SHARED | number) => {
      if (typeof argument === "number") return body.i32(argument);
      if (argument === SHARED) return body.get(shared);
      const { buffer, offset } = wholeOf(argument);
      const { inArena, byte } = addressOf(buffer);
      body.i32(byte + offset * 4);
      if (inArena) body.get(arena).op("i32.add");
    };
    let alone = false;
    calls.forEach((callsOfDispatch, i) => {
      body.i32(i).get(from).op("i32.ge_u").i32(i).get(to).op("i32.lt_u").op(
        "i32.and",
      );
      body.if(() => {
        for (const { call, target } of callsOfDispatch) {
          const single = call.parts.filter((parts) =>
            parts.length > 0
          ).length === 1;
          // what one thread alone does in a row needs no meeting in between
          if (!(single && alone)) {
            body.i32(BARRIER_ADDRESS).i32(threads).call(imports.barrier);
          }
          for (const part of call.parts[thread] ?? []) {
            call.arguments.forEach(push);
            part.forEach(push);
            body.call(target);
          }
          alone = single;
        }
      });
    });
    module.export(`run${thread}`, module.add(4, body));
  }
  return module.encode();
}
