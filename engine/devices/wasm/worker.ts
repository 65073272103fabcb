/// <reference lib="webworker" />
/** One thread of the WebAssembly device: it holds an instance of each program and runs its part. */

import type { FromWorker, ToWorker } from "./messages.ts";

/** An exported function; all parameters are i32. */
type Exported = (...parameters: number[]) => void;

const programs = new Map<number, Exported>();
let imports: WebAssembly.Imports = {};
let touchPages: Exported;
let thread = 0;

function exportOf(instance: WebAssembly.Instance, name: string): Exported {
  const value = instance.exports[name];
  if (typeof value !== "function") throw new TypeError(`no function ${name}`);
  return (...parameters) => value(...parameters);
}

function handle(message: ToWorker): void {
  switch (message.kind) {
    case "start": {
      const env = { memory: message.memory };
      const instance = new WebAssembly.Instance(message.kernels, { env });
      exportOf(instance, "setScratch")(message.scratch);
      imports = { env, kernels: { ...instance.exports } };
      touchPages = exportOf(instance, "touchPages");
      thread = message.thread;
      return;
    }
    case "load": {
      const instance = new WebAssembly.Instance(message.module, imports);
      programs.set(message.program, exportOf(instance, `run${thread}`));
      return;
    }
    case "touch":
      return touchPages(message.start, message.end);
    case "run": {
      const run = programs.get(message.program);
      if (!run) throw new Error(`there is no program ${message.program}`);
      return run(message.from, message.to, message.arena, message.shared);
    }
    case "unload":
      programs.delete(message.program);
  }
}

self.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  let answer: FromWorker = {};
  try {
    handle(data);
  } catch (error) {
    answer = { error: error instanceof Error ? error.message : String(error) };
  }
  self.postMessage(answer);
};
