// deno-lint-ignore-file no-import-prefix -- fetched for the benchmark alone, and in no lock file
import { type Contender, MissingPeer, type Peer } from "../work.ts";
import { withoutGpuErrors } from "./gpu_errors.ts";
import type { Backend, Jax, JaxArray } from "./jax_operations.ts";
import { type JaxTask, jaxTask, type Put } from "./jax_tasks.ts";

/** jax-js (https://jax-js.com): arrays with automatic derivatives, whose kernels are generated and fused. */
export function jaxPeer(backend: Backend): Peer {
  const threads: Worker[] = [];
  return {
    name: `jax-js ${backend}`,
    async prepare(work) {
      try {
        if (
          backend === "wasm" && work.kind === "training" &&
          work.model === "resnet50"
        ) {
          throw new Error(
            "a step takes minutes: 250 GFLOP at about 0.5 GFLOP/s",
          );
        }
        const jax = await load(backend);
        const put: Put = (values, shape) =>
          jax.numpy.array(values, { shape: [...shape], device: backend });
        const task = jaxTask(jax, backend, put, work);
        // a first step compiles, and shows what is missing
        const device = backend === "webgpu" ? jax.getWebGPUDevice() : undefined;
        await recordWorkers(
          threads,
          () => withoutGpuErrors(device, () => resultOf(jax, task, 1)),
        );
        return contender(jax, backend, task);
      } catch (error) {
        const { message } = error as Error;
        throw new MissingPeer(message.split("\n")[0], { cause: error });
      }
    },
    close: () => threads.forEach((thread) => thread.terminate()),
  };
}

async function load(backend: Backend): Promise<Jax> {
  const jax = await import("npm:@jax-js/jax@0.1.25");
  const backends = await jax.init(backend);
  if (!backends.includes(backend)) throw new Error(`no ${backend} here`);
  jax.defaultDevice(backend);
  return jax;
}

/** Notes the threads that start meanwhile: the library starts them at the first kernel and never ends them. */
async function recordWorkers(
  threads: Worker[],
  work: () => Promise<unknown>,
): Promise<void> {
  const original = globalThis.Worker;
  globalThis.Worker = class extends original {
    constructor(url: string | URL, options?: WorkerOptions) {
      super(url, options);
      threads.push(this);
    }
  };
  try {
    await work();
  } finally {
    globalThis.Worker = original;
  }
}

function contender(jax: Jax, backend: Backend, task: JaxTask): Contender {
  let state = task.start();
  let index = 0;
  return {
    async run(times) {
      for (let i = 0; i < times; i++) {
        const next = task.step(state, index++);
        state = next.state;
        const isLast = i === times - 1;
        await (isLast
          ? jax.blockUntilReady(next.outputs)
          : submit(backend, next.outputs));
        jax.tree.dispose(next.outputs);
      }
    },
    result: () => resultOf(jax, task, task.steps),
    close() {
      jax.tree.dispose(state);
      task.close();
    },
  };
}

/**
 * Starts what is lazy till then: an array that is disposed of before is never computed. On WebGPU
 * asking for the buffer does not wait for the kernels. The threads of WebAssembly have no such call.
 */
async function submit(backend: Backend, [output]: JaxArray[]): Promise<void> {
  if (backend === "webgpu") await output.ref.gpuBuffer();
  else await output.blockUntilReady();
}

/** What a number of steps from the first state report. */
async function resultOf(
  jax: Jax,
  task: JaxTask,
  steps: number,
): Promise<number[]> {
  const values: number[] = [];
  let state = task.start();
  for (let index = 0; index < steps; index++) {
    const next = task.step(state, index);
    state = next.state;
    for (const array of task.report(next.outputs)) {
      for (const value of await array.data()) values.push(value);
    }
  }
  jax.tree.dispose(state);
  return values;
}
