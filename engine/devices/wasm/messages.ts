/** A message to a worker; each gets one answer. */
export type ToWorker =
  | {
    readonly kind: "start";
    readonly memory: WebAssembly.Memory;
    readonly kernels: WebAssembly.Module;
    /** Address of this thread's scratch memory. */
    readonly scratch: number;
    readonly thread: number;
  }
  | {
    readonly kind: "load";
    readonly program: number;
    readonly module: WebAssembly.Module;
  }
  | {
    /** Makes the system provide memory that is about to be used. */
    readonly kind: "touch";
    readonly start: number;
    readonly end: number;
  }
  | {
    readonly kind: "run";
    readonly program: number;
    readonly from: number;
    readonly to: number;
    readonly arena: number;
    readonly shared: number;
  }
  | { readonly kind: "unload"; readonly program: number };

/** A worker's answer: done, or what went wrong. */
export interface FromWorker {
  readonly error?: string;
}
