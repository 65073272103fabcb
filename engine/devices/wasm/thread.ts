import type { FromWorker, ToWorker } from "./messages.ts";

/** An exported function; all parameters are i32. */
type Exported = (...parameters: number[]) => void;

function exportOf(instance: WebAssembly.Instance, name: string): Exported {
  const value = instance.exports[name];
  if (typeof value !== "function") throw new TypeError(`no function ${name}`);
  return (...parameters) => value(...parameters);
}

/** One thread of the WebAssembly device: it holds an instance of each program and runs its part. */
export class Thread {
  readonly #programs = new Map<number, Exported>();
  #imports: WebAssembly.Imports = {};
  #touchPages?: Exported;
  #number = 0;

  /** Carries out what a message asks for. */
  answer(message: ToWorker): FromWorker {
    try {
      this.#handle(message);
      return {};
    } catch (error) {
      return { error: error instanceof Error ? error.message : String(error) };
    }
  }

  #handle(message: ToWorker): void {
    switch (message.kind) {
      case "start": {
        const env = { memory: message.memory };
        const instance = new WebAssembly.Instance(message.kernels, { env });
        exportOf(instance, "setScratch")(message.scratch);
        this.#imports = { env, kernels: { ...instance.exports } };
        this.#touchPages = exportOf(instance, "touchPages");
        this.#number = message.thread;
        return;
      }
      case "load": {
        const instance = new WebAssembly.Instance(
          message.module,
          this.#imports,
        );
        const run = exportOf(instance, `run${this.#number}`);
        this.#programs.set(message.program, run);
        return;
      }
      case "touch":
        return this.#touchPages?.(message.start, message.end);
      case "run": {
        const run = this.#programs.get(message.program);
        if (!run) throw new Error(`there is no program ${message.program}`);
        return run(message.from, message.to, message.arena, message.shared);
      }
      case "unload":
        this.#programs.delete(message.program);
    }
  }
}
