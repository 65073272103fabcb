/// <reference lib="webworker" />
/** One thread of the WebAssembly device: it holds an instance of each program and runs its part. */

import type { FromWorker, ToWorker } from "./messages.ts";

type Run = (from: number, to: number, arena: number, shared: number) => void;

const scope = self as unknown as DedicatedWorkerGlobalScope;
const programs = new Map<number, Run>();
let imports: WebAssembly.Imports = {};
let touchPages: (start: number, end: number) => void;
let thread = 0;

function handle(message: ToWorker): void {
  switch (message.kind) {
    case "start": {
      const env = { memory: message.memory };
      const { exports } = new WebAssembly.Instance(message.kernels, { env });
      (exports.setScratch as (start: number) => void)(message.scratch);
      imports = { env, kernels: exports as WebAssembly.ModuleImports };
      touchPages = exports.touchPages as typeof touchPages;
      thread = message.thread;
      return;
    }
    case "load": {
      const { exports } = new WebAssembly.Instance(message.module, imports);
      programs.set(message.program, exports[`run${thread}`] as Run);
      return;
    }
    case "touch":
      return touchPages(message.start, message.end);
    case "run":
      return programs.get(message.program)!(
        message.from,
        message.to,
        message.arena,
        message.shared,
      );
    case "unload":
      programs.delete(message.program);
  }
}

scope.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  let answer: FromWorker = {};
  try {
    handle(data);
  } catch (error) {
    answer = { error: error instanceof Error ? error.message : String(error) };
  }
  scope.postMessage(answer);
};
