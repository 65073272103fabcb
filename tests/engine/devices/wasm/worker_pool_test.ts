import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  compileKernels,
  WorkerPool,
} from "../../../../engine/devices/wasm/worker_pool.ts";
import { UserError } from "../../../../engine/user_error.ts";

const missing = {
  kind: "run",
  program: 9,
  from: 0,
  to: 1,
  arena: 0,
  shared: 0,
} as const;

/** Starts the workers on a memory of so many pages; returns the threads that were asked for a message. */
async function start(pool: WorkerPool, pages: number): Promise<number[]> {
  const memory = new WebAssembly.Memory({
    initial: pages,
    maximum: 65536,
    shared: true,
  });
  const { module: kernels } = compileKernels();
  const asked: number[] = [];
  await pool.broadcast((thread) => {
    asked.push(thread);
    const scratch = 65536 + thread * 4 * 2 ** 20;
    return { kind: "start", memory, kernels, scratch, thread };
  });
  return asked;
}

Deno.test("WorkerPool.broadcast: each worker gets its message, and all must answer", async () => {
  const pool = new WorkerPool(3);
  try {
    assertEquals(await start(pool, 200), [0, 1, 2]);
    await pool.broadcast(() => ({ kind: "touch", start: 0, end: 65536 }));
  } finally {
    pool.terminate();
  }
});

Deno.test("WorkerPool: touches the last page of all memory, and ends there", async () => {
  const pool = new WorkerPool(2);
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    await start(pool, 65536);
    const end = 2 ** 32;
    const touched = pool.broadcast(() => ({
      kind: "touch",
      start: end - 5000,
      end: end - 100,
    }));
    const deadline = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error("goes on and on")), 5000);
    });
    await Promise.race([touched, deadline]);
  } finally {
    clearTimeout(timer);
    pool.terminate();
  }
});

Deno.test("WorkerPool: one failure ends the pool with its message", async () => {
  const pool = new WorkerPool(2);
  try {
    const message = "a thread of the processor failed (there is no program 9)";
    await assertRejects(
      () =>
        pool.broadcast((thread) =>
          thread === 1 ? missing : { kind: "unload", program: 0 }
        ),
      UserError,
      message,
    );
    await assertRejects(
      () => pool.broadcast(() => ({ kind: "unload", program: 0 })),
      UserError,
      message,
    );
    assertThrows(() => pool.check(), UserError, message);
  } finally {
    pool.terminate();
  }
});

Deno.test("WorkerPool.terminate: what is pending rejects, and so does what follows", async () => {
  const pool = new WorkerPool(2);
  const pending = pool.broadcast(() => ({ kind: "unload", program: 0 }));
  pool.terminate();
  pool.terminate();
  await assertRejects(() => pending, UserError, "this device was destroyed");
  await assertRejects(
    () => pool.broadcast(() => ({ kind: "unload", program: 0 })),
    UserError,
    "this device was destroyed",
  );
});

Deno.test({
  name: "WorkerPool: a worker that may not be read is a clear error",
  permissions: { read: false },
  fn: async () => {
    const pool = new WorkerPool(1);
    try {
      await assertRejects(
        () => pool.broadcast(() => ({ kind: "unload", program: 0 })),
        UserError,
        "the threads of the processor cannot start: Requires read access",
      );
    } finally {
      pool.terminate();
    }
  },
});

Deno.test("WorkerPool: a script that a browser cannot load is a clear error", async () => {
  const { Worker } = globalThis;
  // browsers say no more than that there was an error
  class Missing {
    onerror?: (event: Event) => void;
    postMessage(): void {
      queueMicrotask(() => this.onerror?.(new Event("error")));
    }
    terminate(): void {}
  }
  Object.assign(globalThis, { Worker: Missing });
  try {
    const pool = new WorkerPool(1);
    await assertRejects(
      () => pool.broadcast(() => ({ kind: "unload", program: 0 })),
      UserError,
      "the threads of the processor cannot start: worker.js cannot be loaded",
    );
  } finally {
    Object.assign(globalThis, { Worker });
  }
});

Deno.test("WorkerPool: a page that is not isolated computes in its own thread", async () => {
  Object.assign(globalThis, { crossOriginIsolated: false });
  try {
    // a module is evaluated anew under another address
    const { MAX_THREADS, WorkerPool, compileKernels } = await import(
      new URL(
        "../../../../engine/devices/wasm/worker_pool.ts?alone",
        import.meta.url,
      ).href
    );
    assertEquals(MAX_THREADS, 1);
    const memory = new WebAssembly.Memory({
      initial: 200,
      maximum: 65536,
      shared: true,
    });
    const pool = new WorkerPool(1);
    const { module: kernels } = compileKernels();
    const start = { kind: "start", memory, kernels, scratch: 65536, thread: 0 };
    await pool.broadcast(() => start);
    await pool.broadcast(() => ({ kind: "touch", start: 0, end: 65536 }));
    const failure = await assertRejects(
      () => pool.broadcast(() => ({ kind: "run", program: 7 })),
      UserError,
      "there is no program 7",
    );
    assertEquals(assertThrows(() => pool.check()), failure);
  } finally {
    Object.assign(globalThis, { crossOriginIsolated: undefined });
  }
});
