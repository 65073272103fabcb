import { UserError } from "../../user_error.ts";
import { plainKernels, relaxedKernels } from "./kernels.generated.ts";
import type { FromWorker, ToWorker } from "./messages.ts";
import { Thread } from "./thread.ts";

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

/**
 * Most threads that can share memory here: browsers let workers share it only with pages that are
 * isolated from other origins (by the headers COOP and COEP).
 */
export const MAX_THREADS: number = globalThis.crossOriginIsolated === false
  ? 1
  : Infinity;

/** What a pool needs of a worker. */
interface ThreadPort {
  postMessage(message: ToWorker): void;
  terminate(): void;
}

/** Settles the answer of a worker. */
interface Answer {
  resolve(): void;
  reject(error: Error): void;
}

/**
 * Workers that all get a message at the same time. The first failure of any of them ends the pool,
 * since the others may be waiting for it at a barrier: everything pending and everything later then
 * rejects with that failure.
 */
export class WorkerPool {
  readonly #workers: readonly ThreadPort[];
  #pending: Answer[] = [];
  #answered = false;
  #failure: Error | undefined;

  /** Starts `threads` workers. */
  constructor(threads: number) {
    this.#workers = Array.from(
      { length: threads },
      (_, thread) => this.#start(thread),
    );
  }

  #start(thread: number): ThreadPort {
    return MAX_THREADS === 1
      ? this.#startHere(thread)
      : this.#startWorker(thread);
  }

  /** A thread that is the caller's own, which waits while it computes. */
  #startHere(number: number): ThreadPort {
    const thread = new Thread();
    return {
      postMessage: (message) => {
        const answer = thread.answer(message);
        setTimeout(() => this.#receive(number, answer));
      },
      terminate: () => {},
    };
  }

  #startWorker(thread: number): ThreadPort {
    // bundlers look for exactly this expression
    const worker = new Worker(new URL("./worker.js", import.meta.url), {
      type: "module",
    });
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) =>
      this.#receive(thread, data);
    worker.onerror = (event) => {
      event.preventDefault();
      // browsers do not say why a script cannot be loaded
      this.#failWith(event.message || "worker.js cannot be loaded");
    };
    return worker;
  }

  #receive(thread: number, { error }: FromWorker): void {
    this.#answered = true;
    if (error !== undefined) this.#failWith(error);
    else this.#pending[thread]?.resolve();
  }

  /**
   * Throws if the pool has ended.
   *
   * @throws {UserError} with the reason.
   */
  check(): void {
    if (this.#failure) throw this.#failure;
  }

  /**
   * Sends each worker its message and waits for all answers; one call at a time.
   *
   * @throws {UserError} if a worker fails or the pool has ended.
   */
  async broadcast(message: (thread: number) => ToWorker): Promise<void> {
    this.check();
    await Promise.all(
      this.#workers.map((worker, thread) =>
        new Promise<void>((resolve, reject) => {
          this.#pending[thread] = { resolve, reject };
          worker.postMessage(message(thread));
        })
      ),
    );
  }

  /** Ends all workers; whatever is pending rejects. */
  terminate(): void {
    this.#end(new UserError("this device was destroyed; open another one"));
  }

  #failWith(message: string): void {
    this.#end(
      new UserError(
        this.#answered
          ? `a thread of the processor failed (${message}); restart from the last checkpoint`
          : `the threads of the processor cannot start: ${message}`,
      ),
    );
  }

  #end(failure: Error): void {
    if (this.#failure) return;
    this.#failure = failure;
    this.#workers.forEach((worker) => worker.terminate());
    this.#pending.forEach(({ reject }) => reject(failure));
  }
}
