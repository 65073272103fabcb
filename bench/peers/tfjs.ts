// deno-lint-ignore-file no-import-prefix -- fetched for the benchmark alone, and in no lock file
import { type Contender, MissingPeer, type Peer } from "../work.ts";
import { withoutGpuErrors } from "./gpu_errors.ts";
import type { Tfjs } from "./tfjs_operations.ts";
import { type TfjsStep, type TfjsTask, tfjsTask } from "./tfjs_tasks.ts";

type Backend = "wasm" | "webgpu";

/**
 * TensorFlow.js (https://www.tensorflow.org/js): kernels written by hand, called one after another.
 * On WebAssembly it has one thread here: threads are switched off outside browsers.
 */
export function tfjsPeer(backend: Backend): Peer {
  return {
    name: `tfjs ${backend}`,
    async prepare(work) {
      try {
        const tf = await load(backend);
        const task = tfjsTask(tf, work);
        // a first step compiles, and shows what is missing
        await withoutGpuErrors(deviceOf(tf), () => resultOf(tf, task, 1));
        return contender(tf, backend, task);
      } catch (error) {
        const { message } = error as Error;
        throw new MissingPeer(message.split("\n")[0], { cause: error });
      }
    },
  };
}

async function load(backend: Backend): Promise<Tfjs> {
  const tf = await import("npm:@tensorflow/tfjs@4.22.0");
  if (backend === "wasm") {
    await import("npm:@tensorflow/tfjs-backend-wasm@4.22.0");
  } else {
    await import("npm:@tensorflow/tfjs-backend-webgpu@4.22.0");
  }
  if (!await tf.setBackend(backend)) throw new Error(`no ${backend} here`);
  return tf;
}

/** The device of its WebGPU backend. */
function deviceOf(tf: Tfjs): GPUDevice | undefined {
  return (tf.backend() as { readonly device?: GPUDevice }).device;
}

function contender(tf: Tfjs, backend: Backend, task: TfjsTask): Contender {
  let state = task.start();
  let index = 0;
  return {
    async run(times) {
      await tf.setBackend(backend);
      for (let i = 0; i < times; i++) {
        const next = stepOf(tf, task, state, index++);
        tf.dispose(state);
        state = next.state;
        if (i === times - 1) await finished(tf, next);
        tf.dispose(next.outputs);
      }
    },
    async result() {
      await tf.setBackend(backend);
      return await resultOf(tf, task, task.steps);
    },
    close: () => tf.dispose([state, task.fixed]),
  };
}

function stepOf(
  tf: Tfjs,
  task: TfjsTask,
  state: TfjsStep["state"],
  index: number,
): TfjsStep {
  return tf.tidy(() => task.step(state, index));
}

/** Waits for the kernels, which run in order, by reading one number of the last output. */
async function finished(tf: Tfjs, { outputs }: TfjsStep): Promise<void> {
  const last = outputs.at(-1)!;
  const first = tf.tidy(() => tf.slice(tf.reshape(last, [last.size]), 0, 1));
  await first.data();
  first.dispose();
}

/** What a number of steps from the first state report. */
async function resultOf(
  tf: Tfjs,
  task: TfjsTask,
  steps: number,
): Promise<number[]> {
  const values: number[] = [];
  let state = task.start();
  for (let index = 0; index < steps; index++) {
    const next = stepOf(tf, task, state, index);
    tf.dispose(state);
    state = next.state;
    for (const output of next.outputs.slice(0, task.reported)) {
      for (const value of await output.data()) values.push(value);
    }
    tf.dispose(next.outputs);
  }
  tf.dispose(state);
  return values;
}
