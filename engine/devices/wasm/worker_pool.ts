import { plainKernels, relaxedKernels } from "./kernels.generated.ts";
import type { FromWorker, ToWorker } from "./messages.ts";

/** The hand-written kernels, compiled; with relaxed multiply-add where the runtime has it. */
export function compileKernels(): {
  readonly module: WebAssembly.Module;
  readonly relaxed: boolean;
} {
  const decode = (base64: string) =>
    Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const bytes = decode(relaxedKernels);
  const relaxed = WebAssembly.validate(bytes);
  return {
    module: new WebAssembly.Module(relaxed ? bytes : decode(plainKernels)),
    relaxed,
  };
}

interface Thread {
  readonly worker: Worker;
  /** Settles the answer that is waited for. */
  settle?: { resolve(): void; reject(error: Error): void };
}

/** Workers that all do the same thing at the same time. */
export class WorkerPool {
  readonly #threads: readonly Thread[];

  /** Starts so many workers. */
  constructor(threads: number) {
    this.#threads = Array.from({ length: threads }, () => {
      const thread: Thread = {
        worker: new Worker(new URL("./worker.ts", import.meta.url), {
          type: "module",
        }),
      };
      thread.worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
        if (data.error === undefined) thread.settle?.resolve();
        else thread.settle?.reject(new Error(data.error));
      };
      thread.worker.onerror = (event) => {
        event.preventDefault();
        thread.settle?.reject(new Error(event.message));
      };
      return thread;
    });
  }

  /** Sends each thread its message and waits for all answers; one call at a time. */
  async broadcast(message: (thread: number) => ToWorker): Promise<void> {
    await Promise.all(
      this.#threads.map((thread, i) =>
        new Promise<void>((resolve, reject) => {
          thread.settle = { resolve, reject };
          thread.worker.postMessage(message(i));
        })
      ),
    );
  }

  /** Ends all workers. */
  terminate(): void {
    this.#threads.forEach(({ worker }) => worker.terminate());
  }
}
